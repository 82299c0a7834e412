/** The public names of the package. */
export { makeDemoApp } from './app/demo-app.js';
export { Event } from './app/event.js';
export type { FrameworkStartResponse, FrameworkWrite, Handler } from './app/handler.js';
export type { HeadersLike } from './app/headers.js';
export { Response } from './app/response.js';
export type { StatusLike } from './app/status.js';
export { WSocketApp } from './app/wsocket-app.js';
export type { BlockingForm, BlockingFormOptions } from './environ/blocking-form.js';
export type {
  BlockingFilePart,
  BlockingFileStream,
  BlockingFormFile,
  OpenedFile,
} from './environ/blocking-form-file.js';
export { BlockingWebSocket } from './environ/blocking-websocket.js';
export { FileWrapper } from './environ/file-wrapper.js';
export { type Form, type FormOptions, parseForm } from './environ/form.js';
export type { FilePart, FormFile } from './environ/form-file.js';
export { bytesToNative, nativeToBytes, nativeToText, textToNative } from './environ/native-string.js';
export type {
  AnyEnviron,
  Application,
  ApplicationOn,
  BlockingApplication,
  BlockingEnviron,
  BlockingInput,
  Body,
  Bytes,
  EarlyHints,
  Environ,
  ErrorStream,
  ExcInfo,
  FileLike,
  HeaderList,
  Input,
  StartResponse,
  WebSocketOn,
  Write,
} from './environ/types.js';
export {
  FrameTooLargeError,
  type Message,
  ProtocolError,
  ReceiveTimeout,
  WebSocket,
  WebSocketError,
} from './environ/websocket.js';
export {
  ApplicationError,
  ClientDisconnected,
  ConfigError,
  ContentTooLarge,
  RequestError,
  RequestTimeout,
  ServerBusy,
  WsgiError,
} from './errors.js';
export { logger } from './logger.js';
export { run } from './run.js';
export type { CgiOptions } from './server/cgi/cgi-options.js';
export { runCgi } from './server/cgi/run-cgi.js';
export { type ForeignFetchHandler, fromFetchHandler } from './server/foreign/from-fetch-handler.js';
export { type ForeignNodeHandler, fromNodeHandler } from './server/foreign/from-node-handler.js';
export {
  type FetchHandler,
  type FetchHandlerOptions,
  toFetchHandler,
} from './server/hosted/fetch-handler.js';
export { type NodeHandler, type NodeHandlerOptions, toNodeHandler } from './server/hosted/node-handler.js';
export type { EventLoopOptions, ServerOptions, ThreadOptions } from './server/options.js';
export { makeServer, type Server } from './server/server.js';
export { sleep } from './sleep.js';
