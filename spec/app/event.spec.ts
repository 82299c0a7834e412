import { expect } from 'chai';
import { Event, type EventHandler } from '../../lib/app/event.js';
import { closedError } from '../../lib/environ/websocket/error.js';
import { logged, turn } from './support.js';

describe('Event', () => {
  let calls: unknown[];
  const note =
    (name: string): EventHandler<[string]> =>
    (value) =>
      void calls.push(`${name} ${value}`);
  beforeEach(() => {
    calls = [];
  });

  it('runs its handlers in the order of adding', () => {
    const event = new Event<[string]>('test').add(note('a')).add(note('b'), note('c'));
    expect(event.emit('x')).to.equal(undefined);
    expect(calls).to.deep.equal(['a x', 'b x', 'c x']);
  });

  it('runs its default only while nothing is attached', () => {
    const event = new Event<[string]>('test', note('default'));
    event.emit('1');
    event.add(note('a'));
    event.emit('2');
    event.clear();
    event.emit('3');
    expect(calls).to.deep.equal(['default 1', 'a 2', 'default 3']);
  });

  it('removes a handler once', () => {
    const a = note('a');
    const event = new Event<[string]>('test').add(a, note('b'), a);
    expect(event.remove(a)).to.equal(true);
    event.emit('x');
    expect(calls).to.deep.equal(['b x', 'a x']);
    event.remove(a);
    expect(event.remove(a)).to.equal(false);
  });

  it('is replaced by a handler, a list or another event', () => {
    const event = new Event<[string]>('test').add(note('old'));
    event.replace(note('a'));
    event.emit('1');
    event.replace([note('b'), note('c')]);
    event.emit('2');
    event.replace(new Event<[string]>().add(note('d')));
    event.emit('3');
    expect(calls).to.deep.equal(['a 1', 'b 2', 'c 2', 'd 3']);
  });

  it('waits for a handler that takes its time before the next one', async () => {
    const slow: EventHandler<[string]> = async (value) => {
      await turn();
      calls.push(`slow ${value}`);
    };
    const emitted = new Event<[string]>('test').add(slow, note('next')).emit('x');
    expect(calls).to.deep.equal([]);
    await emitted;
    expect(calls).to.deep.equal(['slow x', 'next x']);
  });

  it('logs a failure and goes on', async () => {
    const event = new Event<[string]>('onmessage').add(
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected\x1b')),
      () => {
        throw undefined;
      },
      note('last'),
    );
    const log = await logged(40, () => event.emit('x'));
    expect(log.match(/ERROR:wsgi:A handler of onmessage failed/g)).to.have.length(3);
    expect(log).to.contain('Error: thrown').and.contain('Error: rejected\\x1b').and.contain('event.spec.ts');
    expect(calls).to.deep.equal(['last x']);
  });

  it('does not log as a failure that the client is gone', async () => {
    const event = new Event('onmessage').add(() =>
      Promise.reject(closedError('Connection is already closed')),
    );
    expect(await logged(20, () => event.emit())).to.equal('');
    expect(await logged(10, () => event.emit())).to.contain('Connection is already closed');
  });

  it('runs the handlers there were when it was emitted', () => {
    const event = new Event<[string]>('test');
    event.add(() => event.clear(), note('b'));
    event.emit('x');
    expect(calls).to.deep.equal(['b x']);
  });

  it('refuses what is not a function, and says how to add', () => {
    const event = new Event('onmessage').add(() => 1);
    expect(() => event.add('x' as unknown as () => void)).to.throw(TypeError, /onmessage.add\(handler\)/);
    expect(() => event.replace(`${event}() => 1` as unknown as () => void)).to.throw(TypeError);
    expect(event.handlers).to.have.length(1);
  });
});
