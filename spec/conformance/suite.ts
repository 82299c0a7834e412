/** The suite is part of the package, in `wsgi/testing`; the specs beside this file run it for each gateway. */

export type { GatewayUnderTest, Running } from '../../lib/testing/conformance/gateway-under-test.js';
export { conformance } from '../../lib/testing/conformance/suite.js';
