// What a handler throws becomes a page with a report button, and a line in the log: node examples/error-page.ts
import { logger, run, WSocketApp } from 'wsgi';

logger.setLevel(10); // the page then shows the error and its stack

const app = new WSocketApp();
app.issueTracker = 'https://tracker.example/issues/new';

app.route('/')(function divide() {
  return BigInt(1) / BigInt(0);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
