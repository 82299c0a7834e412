import { expect } from 'chai';
import { type Numbered, RequestTable } from '../../../lib/server/threads/io/request-table.js';

describe('The table of requests', () => {
  const added = (table: RequestTable<Numbered>, count: number): Numbered[] =>
    Array.from({ length: count }, () => {
      const request = { id: 0 };
      table.add(request);
      return request;
    });

  it('finds each request by its number, which is not 0, until it is deleted', () => {
    const table = new RequestTable<Numbered>();
    const requests = added(table, 1000);
    expect(new Set(requests.map(({ id }) => id)).size).to.equal(1000);
    expect(requests.every((request) => request.id > 0 && table.get(request.id) === request)).to.equal(true);
    expect(table.size).to.equal(1000);
    for (const { id } of requests.slice(0, 999)) table.delete(id);
    expect(table.values()).to.deep.equal(requests.slice(999));
    expect(table.get(requests[0]?.id as number)).to.equal(undefined);
    expect(table.size).to.equal(1);
  });

  it('gives no number to two requests, however long the first one lasts', () => {
    const table = new RequestTable<Numbered>();
    const [first] = added(table, 1) as [Numbered];
    for (let i = 0; i < 1000; i++) {
      const [other] = added(table, 1) as [Numbered];
      expect(table.get(first.id)).to.equal(first);
      expect(other.id).not.to.equal(first.id);
      table.delete(other.id);
    }
    expect(table.size).to.equal(1);
  });

  it('has no request under the number of one that had its place before', () => {
    const table = new RequestTable<Numbered>();
    const [first] = added(table, 1) as [Numbered];
    const { id } = first;
    table.delete(id);
    for (let i = 0; i < 64; i++) added(table, 1);
    expect(table.get(id)).to.equal(undefined);
    table.delete(id);
    expect(table.size).to.equal(64);
  });

  it('lists the oldest first', () => {
    const table = new RequestTable<Numbered>();
    const requests = added(table, 40);
    table.delete((requests[3] as Numbered).id);
    const later = added(table, 60);
    expect(table.values()).to.deep.equal([...requests.filter((_, index) => index !== 3), ...later]);
  });
});
