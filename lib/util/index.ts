/** The public names of `wsgi/util`: Python's `wsgiref.util`, `demo_app` and `format_date_time`. */
export { FileWrapper } from '../environ/file/file-wrapper.js';
export { guessScheme } from '../environ/forwarded-value.js';
export { demoApp } from './demo-app.js';
export { formatDateTime } from './http-date.js';
export { setupTestingDefaults } from './testing-defaults.js';
export { applicationUri, isHopByHop, type LooseEnviron, requestUri, shiftPathInfo } from './wsgiref-util.js';
