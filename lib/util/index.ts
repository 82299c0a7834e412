/** The public names of `wsgi/util`: Python's `wsgiref.util`, `demo_app` and `format_date_time`. */
export { FileWrapper } from '../environ/file/file-wrapper.js';
export { formatDateTime } from './date.js';
export { demoApp } from './demo-app.js';
export { isHopByHop } from './hop-by-hop.js';
export type { LooseEnviron } from './loose-environ.js';
export { shiftPathInfo } from './path.js';
export { guessScheme } from './scheme.js';
export { setupTestingDefaults } from './testing-defaults.js';
export { applicationUri, requestUri } from './uri.js';
