/** The public names of `wsgi/conformance`. */
export type { GatewayUnderTest, Running } from './gateway-under-test.js';
export type { Capability, Facts, Scenario } from './scenario.js';
export { scenarios } from './scenarios/index.js';
export { type ConformanceResult, conformance, runConformance, type TestRunner } from './suite.js';
