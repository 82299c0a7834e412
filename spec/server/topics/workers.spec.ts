/** Topics over processes: a worker that dies, one that takes nothing, and the parent, which may publish as well. */
import { expect } from 'chai';
import { publish } from '../../../lib/index.js';
import { type TopicNote, WorkerTopics } from '../../../lib/server/workers/worker-topics.js';
import { topics } from '../../../lib/topics.js';
import { killCommands } from '../../support/command.js';
import { captureLog } from '../../support/serve.js';
import { closeClients } from '../../support/web-socket-client.js';
import { MemberClient, post } from './members.js';
import { inTwoWorkers } from './places.js';

async function pidOf(member: MemberClient): Promise<number> {
  member.client.send('pid');
  return Number(await member.next());
}

describe('topics of workers', function () {
  this.timeout(90_000);

  after(async () => {
    closeClients();
    await killCommands();
  });

  it('lose no more than the members of a worker that dies', async () => {
    const { command, port } = await inTwoWorkers();
    const members = await Promise.all([1, 2, 3, 4].map(() => MemberClient.join(port, 'room')));
    const pids = await Promise.all(members.map(pidOf));
    const [victim] = pids;
    const dying = members.filter((_, i) => pids[i] === victim);
    const living = members.filter((_, i) => pids[i] !== victim);
    // As a rule two each; the one that began first may have one more.
    expect(dying.length).to.be.within(1, 3);
    expect(dying.length + living.length).to.equal(4);
    process.kill(victim as number, 'SIGKILL');
    for (const member of dying) expect((await member.closed).code).to.equal(1006);
    await post(port, 'room', 'to those who live');
    for (const member of living) expect(await member.next()).to.equal('to those who live');
    // The parent's own code has published, too.
    command.child.kill('SIGUSR2');
    for (const member of living) expect(await member.next()).to.equal('from the parent');
  });
});

describe('the way to a process that takes nothing', () => {
  it('is bounded: what more is published is dropped, logged once, and members there are told', async () => {
    const sent: (() => void)[] = [];
    let lost = 0;
    const notes: TopicNote[] = [];
    const way = new WorkerTopics(
      {
        publish: (note, done) => {
          notes.push(note);
          sent.push(done);
        },
        lost: () => lost++,
        subscribe: () => {},
        unsubscribe: () => {},
      },
      'Worker 7',
    );
    const text = 'x'.repeat(1024 * 1024);
    const log = await captureLog(async () => {
      for (let i = 0; i < 100; i++) await publish('room', text);
    });
    expect(notes).to.have.length(64);
    expect(log.match(/Worker 7 takes no messages/g)).to.have.length(1);
    expect(lost).to.equal(0);
    for (const done of sent.splice(0)) done();
    expect(lost).to.equal(1);
    await publish('room', 'again');
    expect(notes.at(-1)).to.deep.equal({ topic: 'room', text: 'again' });
    way.end();
    await publish('room', 'to nobody');
    expect(notes).to.have.length(65);
  });

  it('knows topics of the other process as long as that has members', () => {
    const told: string[] = [];
    const carrier = {
      subscribe: (topic: string) => told.push(`+${topic}`),
      unsubscribe: (topic: string) => told.push(`-${topic}`),
      publish: () => {},
    };
    const disconnect = topics.connect(carrier, true);
    const wire = { publish: () => {}, lost: () => {}, subscribe: () => {}, unsubscribe: () => {} };
    const [one, two] = [new WorkerTopics(wire, 'Worker 1'), new WorkerTopics(wire, 'Worker 2')];
    one.joined('room');
    two.joined('room');
    two.joined('news*');
    one.left('room');
    expect(told).to.deep.equal(['+room', '+news*']);
    two.end();
    expect(told.slice(2).sort()).to.deep.equal(['-news*', '-room']);
    one.end();
    disconnect();
  });
});
