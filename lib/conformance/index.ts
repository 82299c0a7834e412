/** The public names of `wsgi/conformance`. */

export type { GatewayUnderTest, Running } from './gateway-under-test.js';
export { type ConformanceResult, runConformance } from './run-conformance.js';
export type { Capability, Facts, Scenario } from './scenario.js';
export { scenarios } from './scenarios/index.js';
export { conformance, type TestRunner } from './suite.js';
