/** The public names of `wsgi/testing`. */
export type { GatewayUnderTest, Running } from './conformance/gateway-under-test.js';
export { type ConformanceResult, runConformance } from './conformance/run-conformance.js';
export type { Capability, Facts, Scenario } from './conformance/scenario.js';
export { scenarios } from './conformance/scenarios/index.js';
export { conformance, type TestRunner } from './conformance/suite.js';
