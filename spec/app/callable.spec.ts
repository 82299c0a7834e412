import { expect } from 'chai';
import { Callable } from '../../lib/app/wsocket-app.js';
import type { Application, Environ } from '../../lib/environ/types.js';
import { Exchange, environOf } from '../support/call.js';

describe('Callable', () => {
  class Counter extends Callable {
    count = 0;
    readonly #step = 2;

    handle(_environ: Environ): Uint8Array[] {
      this.count += this.#step;
      return [Buffer.from(String(this.count))];
    }
  }

  it('makes instances that are functions with the fields and methods of the class', () => {
    const counter: Application & Counter = new Counter();
    const { environ, start_response } = new Exchange(environOf());
    expect(counter).to.be.a('function').and.to.be.instanceOf(Counter);
    expect(counter).to.have.length(2);
    // As a gateway calls it: without `this`.
    const app: Application = counter;
    expect(String(app(environ, start_response))).to.equal('2');
    expect(counter.count).to.equal(2);
    expect(new Counter().count).to.equal(0);
  });

  it('keeps the methods of functions', () => {
    const { environ, start_response } = new Exchange(environOf());
    expect(String(new Counter().call(null, environ, start_response))).to.equal('2');
    expect(new Counter()).to.be.instanceOf(Function);
  });
});
