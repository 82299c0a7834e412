/** The base of a class whose instances are functions: `new App()` is itself a WSGI application. */
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Environ,
  MaybePromise,
  StartResponse,
} from '../environ/types.js';

/** What a subclass writes: `app(environ, start_response)` runs it. */
export interface Handles<E extends AnyEnviron> {
  handle(environ: E, start_response: StartResponse): MaybePromise<Body>;
}

/**
 * Its constructor returns a function with the prototype of the class that is being made. Fields of subclasses are then
 * set on that function, `instanceof` and overriding work, and a gateway sees a plain function.
 */
class CallableClass {
  constructor() {
    const self: ApplicationOn<AnyEnviron> & Partial<Handles<AnyEnviron>> = (environ, start_response) =>
      (self as ApplicationOn<AnyEnviron> & Handles<AnyEnviron>).handle(environ, start_response);
    Object.setPrototypeOf(self, new.target.prototype);
    // biome-ignore lint/correctness/noConstructorReturn: only a returned function makes `new` give a function.
    return self;
  }
}
// `call`, `apply` and `bind` as any function has them.
Object.setPrototypeOf(CallableClass.prototype, Function.prototype);

/** TypeScript gives a class no call signature; the cast states what the constructor does. */
export const Callable = CallableClass as unknown as new <
  E extends AnyEnviron = Environ,
>() => ApplicationOn<E>;
