/** `start_response` and `write` under watch: Python's `wsgiref.validate.start_response_wrapper` and `WriteWrapper`. */
import { isUint8Array } from 'node:util/types';
import type { Bytes, ExcInfo, HeaderList, StartResponse, Write } from '../environ/types.js';
import { checkContentType, checkExcInfo, checkHeaders, checkStatus } from './check-head.js';
import type { Exchange } from './exchange.js';
import { countBytes } from './exchange.js';
import type { ValidatorOptions } from './rule.js';
import { fail, shapeOf, WsgiAssertionError } from './violation.js';

export function validatedStartResponse(
  exchange: Exchange,
  start_response: StartResponse,
  options: ValidatorOptions,
): StartResponse {
  return (...args: unknown[]) => {
    const [status, headers, exc_info] = args;
    if (args.length !== 2 && args.length !== 3) {
      fail('start-response-arguments', `it got ${args.length}: ${args.map(shapeOf).join(', ')}`);
    }
    checkExcInfo(exc_info);
    const isError = exc_info !== undefined && exc_info !== null;
    if (exchange.called && !isError) fail('start-response-twice', 'it was called again without');
    exchange.called = true;
    const code = checkStatus(status);
    checkHeaders(headers, options);
    checkContentType(status as string, headers);
    let write: unknown;
    try {
      // As many arguments as there were, for what is outside may count them.
      write =
        args.length === 2
          ? start_response(status as string, headers)
          : start_response(status as string, headers, exc_info as ExcInfo | null | undefined);
    } catch (error) {
      // What another validator found wrong was thrown before the server could see it.
      if (isError && !(error instanceof WsgiAssertionError)) exchange.doomed = true;
      throw error;
    }
    if (typeof write !== 'function') fail('write-not-returned', `it returned ${shapeOf(write)}`);
    exchange.accepted = true;
    exchange.status = code;
    exchange.declared = lengthOf(headers);
    return validatedWrite(exchange, write as Write);
  };
}

/** The application went on after what start_response threw. */
export function checkNotDoomed(exchange: Exchange): void {
  if (exchange.doomed) fail('exc-info-swallowed', 'the application caught it');
}

function lengthOf(headers: HeaderList): number | undefined {
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  return length === undefined ? undefined : Number(length);
}

function validatedWrite(exchange: Exchange, inner: Write): Write {
  const write = (...args: unknown[]): void | Promise<void> => {
    const [data] = args;
    if (args.length !== 1) fail('write-arguments', `it got ${args.length}`);
    if (!isUint8Array(data)) fail('write-not-bytes', `it got ${shapeOf(data)}`);
    checkNotDoomed(exchange);
    if (exchange.body?.closed) fail('write-after-close', `it got ${data.length} bytes`);
    if (exchange.iterating) fail('write-while-iterating', `it got ${data.length} bytes`);
    countBytes(exchange, data);
    return inner(data as Bytes);
  };
  return new Proxy(write, CALLED_ONLY);
}

/** wsgiref's WriteWrapper has `__call__` alone; a function of JavaScript keeps call, apply and bind. */
const CALLED_ONLY: ProxyHandler<(...args: unknown[]) => void | Promise<void>> = {
  get(target, key) {
    // `await` and inspection ask for these.
    if (typeof key === 'symbol' || key === 'then' || key in target) return Reflect.get(target, key);
    return fail('write-not-called', `its member ${key} was asked for`);
  },
  set(_target, key) {
    return fail('write-not-called', `its member ${String(key)} was set`);
  },
};
