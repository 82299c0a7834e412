/** lib/environ/form/multipart.ts: multipart/form-data (RFC 7578). */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { ClientDisconnected, RequestError } from '../../../lib/errors.js';
import { random, rejection, split } from '../bodies.js';
import { END, field, file, part, UploadFolderFixture } from './multipart.js';
import { READERS } from './readers.js';

for (const reader of READERS)
  describe(`parseForm of multipart/form-data, ${reader.name}`, () => {
    const folder = new UploadFolderFixture(reader);

    async function fields(body: string, type?: string): Promise<[string, string][]> {
      return [...(await folder.read(body, {}, type)).fields];
    }

    describe('fields', () => {
      it('come in order, with names that come twice', async () => {
        const body = field('a', '1') + field('b', '') + field('a', '2\r\n3') + field('__proto__', 'x') + END;
        expect(await fields(body)).to.deep.equal([
          ['a', '1'],
          ['b', ''],
          ['a', '2\r\n3'],
          ['__proto__', 'x'],
        ]);
      });

      it('may be none', async () => {
        expect(await fields(END)).to.deep.equal([]);
      });

      it('are UTF-8, names too', async () => {
        expect(await fields(field('caf\xc3\xa9', '\xe3\x81\x82') + END)).to.deep.equal([['café', 'あ']]);
      });

      for (const [charset, bytes, expected] of [
        ['iso-8859-1', '\xe9', 'é'],
        ['ISO-8859-1', '\xe9', 'é'],
        ['us-ascii', 'e', 'e'],
        ['utf-8', '\xc3\xa9', 'é'],
      ] as const) {
        it(`with a Content-Type are text, here in ${charset}`, async () => {
          const header = `Content-Type: text/plain; charset=${charset}`;
          expect(await fields(field('a', bytes, header) + END)).to.deep.equal([['a', expected]]);
        });
      }

      it('with a media type of their own are still fields', async () => {
        expect(await fields(field('a', '{}', 'Content-Type: application/json') + END)).to.deep.equal([
          ['a', '{}'],
        ]);
      });

      it('of an unknown charset are refused with 415', async () => {
        const error = await rejection(
          folder.read(field('a', 'x', 'Content-Type: text/plain; charset=klingon') + END),
        );
        expect(error).to.have.property('status', 415);
        expect(error.message).to.include('"a"');
      });

      it('are the same however the body is cut', async () => {
        const content = 'x\r\n--X\r\n\r\n--\r\r\n-\n--XX-\r';
        const body = field('a', content) + file('f', 'name', `${content}\r\n`) + field('b', '\r\n') + END;
        for (let seed = 1; seed <= 60; seed++) {
          const pieces = split(Buffer.from(body), 1 + (seed % 12), random(seed));
          const form = await folder.read({ pieces, short: true });
          expect([...form.fields], `seed ${seed}`).to.deep.equal([
            ['a', content],
            ['b', '\r\n'],
          ]);
          expect(await form.files.get('f')?.text(), `seed ${seed}`).to.equal(`${content}\r\n`);
          await form.close();
        }
      });
    });

    it('reads what fetch() sends', async () => {
      const sent = new FormData();
      sent.append('text', 'á "b"\r\nc');
      sent.append('quo"te', '');
      sent.append('file', new Blob(['\0\r\n--'], { type: 'image/png' }), 'あ.png');
      const request = new Response(sent);
      const bytes = Buffer.from(await request.arrayBuffer());
      const form = await folder.read(bytes.toString('latin1'), {}, request.headers.get('content-type') ?? '');
      // The standard escapes a quotation mark so, and servers leave it (https://html.spec.whatwg.org/#multipart-form-data).
      expect([...form.fields]).to.deep.equal([
        ['text', 'á "b"\r\nc'],
        ['quo%22te', ''],
      ]);
      expect(form.files.get('file')).to.include({ filename: 'あ.png', contentType: 'image/png', size: 5 });
      await form.close();
    });

    describe('the boundary', () => {
      for (const [parameter, boundary] of [
        ['boundary=XX', 'XX'],
        ['boundary="XX"', 'XX'],
        ['Boundary=XX; charset=utf-8', 'XX'],
        ['charset=utf-8;boundary=XX;', 'XX'],
        ['boundary="a b"', 'a b'],
        // No tokens, but sent by clients without quotes.
        ['boundary=a/b=?:', 'a/b=?:'],
        ["boundary='()+_,-./:=?", "'()+_,-./:=?"],
      ] as const) {
        it(`may come as ${parameter}`, async () => {
          const body = (field('a', '1') + END).replaceAll('XX', boundary);
          expect(await fields(body, `multipart/form-data; ${parameter}`)).to.deep.equal([['a', '1']]);
        });
      }

      for (const parameter of [
        '',
        'boundary=',
        'boundary=""',
        'boundary="a\tb"',
        `boundary=${'x'.repeat(201)}`,
        'boundary="x ',
        'boundary=XX; boundary=YY',
      ]) {
        it(`is refused as ${JSON.stringify(parameter.slice(0, 30))}`, async () => {
          const error = await rejection(folder.read(END, {}, `multipart/form-data; ${parameter}`));
          expect(error).to.be.instanceOf(RequestError).and.to.have.property('status', 400);
          expect(error.message).to.include('boundary');
        });
      }
    });

    describe('of a malformed body', () => {
      const saved = file('saved', 's', 'on disk by now');
      for (const [what, body] of [
        ['empty', ''],
        ['without any boundary', 'a=b'],
        ['without its last boundary', saved + field('a', '1')],
        ['that ends in a field', saved + field('a', '1').slice(0, -1)],
        ['that ends in a file', saved + file('f', 'a', 'x'.repeat(100_000)).slice(0, -50)],
        ['that ends in a header', `${saved}--XX\r\nContent-Disp`],
        ['that ends after its headers', `${saved}--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n`],
        ['with a header that is none', `${saved}--XX\r\nno header\r\n\r\nx\r\n${END}`],
        ['that ends in the midst of a header that is none', `${saved}--XX\r\nno header\r`],
        ['with a header that is too long', `${saved}--XX\r\nA: ${'x'.repeat(20_000)}\r\n\r\nx\r\n${END}`],
        ['with a field that has no name', saved + part('form-data', 'x') + END],
        ['with a part that is none of a form', `${saved}${part('attachment; name="x"', 'x')}${END}`],
        ['with a part that has no Content-Disposition', `${saved}--XX\r\nA: b\r\n\r\nx\r\n${END}`],
        ['with a part that has no headers', `${saved}--XX\r\n\r\nx\r\n${END}`],
        ['with a file that has no name', saved + part('form-data; filename="x"', 'x') + END],
      ] as const) {
        it(`${what}, it rejects with 400`, async () => {
          const error = await rejection(folder.read(body));
          expect(error).to.be.instanceOf(RequestError).and.to.have.property('status', 400);
          expect(error.message).to.match(/^The multipart form is malformed: /);
        });
      }

      it('ignores what is around the parts', async () => {
        for (const end of ['', '\r\n', 'epilogue', `\r\n${field('b', '2')}`]) {
          const body = `preamble\r\n${field('a', '1')}--XX--\r\n${end}`;
          expect(await fields(body)).to.deep.equal([['a', '1']]);
        }
      });
    });

    describe('of a body that is cut short', () => {
      it('rejects as wsgi.input does, wherever the cut is', async () => {
        const body =
          field('a', '1') + file('f', 'n', 'x'.repeat(150)) + file('g', 'n', 'y') + field('b', '2') + END;
        for (let cut = 0; cut < body.length; cut += 7) {
          const gone = new ClientDisconnected();
          const pieces = split(Buffer.from(body.slice(0, cut)), 10, random(cut + 1));
          // Short reads, so that the parser sees what came.
          const promise = folder.read({ pieces, error: gone, short: true });
          expect(await rejection(promise), `cut at ${cut}`).to.equal(gone);
          expect(readdirSync(folder.path)).to.deep.equal([]);
        }
      });
    });
  });
