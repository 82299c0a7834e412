/** The public names of the package. */
export { makeDemoApp } from './app/demo-app.js';
export { Event } from './app/event.js';
export type { HeadersLike } from './app/headers.js';
export { Response, type ResponseOptions } from './app/response.js';
export type { FrameworkStartResponse, FrameworkWrite, Handler } from './app/routes.js';
export type { StatusLike } from './app/status.js';
export { WSocketApp } from './app/wsocket-app.js';
export { FileWrapper } from './environ/file/file-wrapper.js';
export type {
  BlockingFilePart,
  BlockingFileStream,
  BlockingFormFile,
  FilePart,
  FormFile,
  OpenedFile,
} from './environ/form/file.js';
export {
  type BlockingForm,
  type BlockingFormOptions,
  type Form,
  type FormOptions,
  parseForm,
} from './environ/form/form.js';
export { bytesToNative, nativeToBytes, nativeToText, textToNative } from './environ/native-string.js';
export type * from './environ/types.js';
export {
  FrameTooLargeError,
  ProtocolError,
  ReceiveTimeout,
  WebSocketError,
} from './environ/websocket/error.js';
export {
  ApplicationError,
  ClientDisconnected,
  ConfigError,
  ContentTooLarge,
  RequestError,
  RequestTimeout,
  ServerBusy,
  SlowSubscriber,
  WsgiError,
  type WsgiErrorCode,
} from './errors.js';
export { type Logger, logger } from './logger.js';
export { fromPython, type PythonApplication } from './python/from-python.js';
export type { PythonFacts } from './python/lane.js';
export type { FromPythonOptions } from './python/options.js';
export { run } from './run.js';
export {
  type FetchHandler,
  type FetchHandlerOptions,
  type ThreadedFetchHandlerOptions,
  toFetchHandler,
} from './server/adapters/fetch/fetch-handler.js';
export { type ForeignFetchHandler, fromFetchHandler } from './server/adapters/from/from-fetch-handler.js';
export { type ForeignNodeHandler, fromNodeHandler } from './server/adapters/from/from-node-handler.js';
export {
  type NodeHandler,
  type NodeHandlerOptions,
  type ThreadedNodeHandlerOptions,
  toNodeHandler,
} from './server/adapters/node/node-handler.js';
export { runCgi } from './server/cgi/run-cgi.js';
export type {
  ChannelsFactory,
  ChannelsOptions,
} from './server/channels/backend.js';
export type { BlockingCgiOptions, CgiOptions } from './server/options/gateway-options.js';
export type { LogLevel } from './server/options/option-table.js';
export type {
  EventLoopOptions,
  ResolvedOptions,
  ServerOptions,
  ThreadOptions,
} from './server/options/options.js';
export { makeServer, type Server } from './server/server.js';
export type { ServerStatus } from './server/status/server-status.js';
export { sleep } from './sleep.js';
export { publish, type SubscribeOptions, type Subscription, subscribe } from './subscription.js';
export type { Channels, ChannelsState, TopicMessage } from './topics.js';
