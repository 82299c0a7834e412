// The event app: no routes, three events. node examples/events.ts
import { run, sleep, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.onconnect.add(async (client) => {
  await client.send(`welcome to ${client.path}`);
});

app.onmessage.add(async (message, client) => {
  await client.send(`you said: ${message}`);
  await sleep(2);
  await client.send(`you said: ${message}`);
});

app.onclose.add((message, client) => {
  console.log(`${client.path} closed: ${client.closeCode} ${message}`);
});

run(app, { port: Number(process.env.PORT ?? 8080) });
