// The event app in worker threads, its handlers without await: node examples/blocking_events.ts
import { run, sleep, WSocketApp } from 'wsgi';

const app = new WSocketApp<'blocking'>();

app.onconnect.add((client) => {
  client.send(`welcome to ${client.path}`);
});

app.onmessage.add((message, client) => {
  client.send(`you said: ${message}`);
  sleep(2);
  client.send(`you said: ${message}`);
});

app.onclose.add((message, client) => {
  console.log(`${client.path} closed: ${client.closeCode} ${message}`);
});

run(app, { threads: 8, port: Number(process.env.PORT ?? 8080) });
