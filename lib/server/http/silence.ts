/**
 * Methods of a socket that have no effect for a while. A property of the socket hides the method of its class: it is gone when
 * the method is to have its effect again, and code that calls it meanwhile goes on as if it had.
 */
import type { Duplex } from 'node:stream';

/** In place of a method of a socket, for a while: Node, or our own code, calls it when it must have no effect. */
export function silence(socket: Duplex, method: 'pause' | 'resume' | 'destroy'): void {
  socket[method] = stay;
}

/** The method has its effect again. */
export function restore(socket: Duplex, method: 'pause' | 'resume' | 'destroy'): void {
  Reflect.deleteProperty(socket, method);
}

function stay<T>(this: T): T {
  return this;
}

/** Calls `action` while the method has no effect on any of the sockets. */
export function silenced(sockets: Iterable<Duplex>, method: 'destroy', action: () => void): void {
  for (const socket of sockets) silence(socket, method);
  action();
  for (const socket of sockets) restore(socket, method);
}
