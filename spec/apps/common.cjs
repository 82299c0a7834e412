/** An application in CommonJS, exported in a way that Node cannot see ahead. */
const site = {};
site['app'] = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('CommonJS\n')];
};
Object.assign(module.exports, site);
