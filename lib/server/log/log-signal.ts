/**
 * SIGUSR1, which opens log files again. By Node's default it opens the debugger: a port on which everybody of the machine
 * may run code. A server that logs to no file has nothing to do then, and does nothing.
 */

/** Listeners of log files come and go, and without any the signal would end the process: this one stays. */
export function takeLogSignal(): void {
  if (!process.listeners('SIGUSR1').includes(ignore)) process.on('SIGUSR1', ignore);
}

function ignore(): void {}
