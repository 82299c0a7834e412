/** Applications that are made when asked for. */
export async function createApp(greeting = 'Hi', ...rest) {
  return (_environ, start_response) => {
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return [Buffer.from(JSON.stringify([greeting, ...rest]))];
  };
}
