/** The public names of `wsgi/testing`. */

export {
  type BlockingClientOptions,
  type CallOptions,
  Client,
  type ClientMode,
  type ClientOptions,
  type MethodOptions,
  type ScriptOptions,
  type WebSocketOptions,
} from './client.js';
export type { Cookie } from './cookie.js';
export type { CookieJar, CookieKey, CookieOptions } from './cookie-jar.js';
export { createEnviron, EnvironBuilder, type EnvironOptions } from './environ-builder.js';
export { type RunOptions, runWsgiApp } from './memory-exchange.js';
export { RedirectError } from './redirect.js';
export type {
  Fields,
  Files,
  FileToSend,
  RequestHeaders,
  RequestOptions,
  SiteOptions,
} from './request-options.js';
export type { MessageScript, ScriptedMessage, ScriptedWebSocket } from './scripted-websocket.js';
export type { SentRequest, TestResponse } from './test-response.js';
export type { WebSocketEnd, WebSocketSession } from './websocket-session.js';
