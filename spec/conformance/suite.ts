/** The suite is part of the package, in `wsgi/testing`; the specs beside this file run it for each gateway. */
import type { GatewayUnderTest } from '../../lib/conformance/gateway-under-test.js';
import { conformance as declare } from '../../lib/conformance/suite.js';

export type { GatewayUnderTest, Running } from '../../lib/conformance/gateway-under-test.js';

/** Waits longer than others need to: other specs run at the same time. */
export function conformance(gateway: GatewayUnderTest): void {
  declare({ patience: 18, ...gateway });
}
