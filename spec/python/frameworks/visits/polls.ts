/** What clients do at Django's tutorial: the admin and its forms, votes, uploads, static files, conditional requests. */
import type { Page, Visitor } from '../visitor.js';

const TOKEN = 'csrfmiddlewaretoken';

export async function polls(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.get('/polls');
  await visitor.get('/polls/');
  await visitor.get('/admin/');
  const login = await visitor.get('/admin/login/?next=/admin/');
  await visitor.form('/admin/login/?next=/admin/', { username: 'admin', password: 'sesame' });
  await signIn(visitor, login, 'wrong');
  await signIn(visitor, login, 'sesame');
  await visitor.get('/admin/');
  const add = await visitor.get('/admin/polls/question/add/');
  await visitor.form('/admin/polls/question/add/', question(add, { question_text: '' }));
  await visitor.form('/admin/polls/question/add/', question(add, { question_text: "What's <new>, Zoë?" }));
  await visitor.get('/admin/polls/question/');
  await visitor.get('/admin/polls/question/?q=new&o=-1');
  await visitor.get('/admin/polls/question/1/change/');
  await visitor.get('/admin/polls/question/99/change/');
  await visitor.get('/admin/polls/picture/add/');
  await visitor.get('/admin/jsi18n/');
  await visitor.get('/polls/');
  const detail = await visitor.get('/polls/1/');
  await visitor.form('/polls/1/vote/', { [TOKEN]: detail.input(TOKEN), choice: '2' });
  await visitor.get('/polls/1/results/');
  await visitor.form('/polls/1/vote/', { [TOKEN]: detail.input(TOKEN) });
  await visitor.form('/polls/1/vote/', { choice: '1' });
  await visitor.get('/polls/7/');
  const { text, ...page } = await visitor.get('/polls/pictures/');
  const token = page.input(TOKEN);
  for (const size of [3000, 200_000]) {
    await visitor.upload('/polls/pictures/', [
      { name: TOKEN, data: token },
      { name: 'title', data: `Bild von Zoë, ${size}` },
      { name: 'file', filename: 'bild ü.png', type: 'image/png', data: pattern(size) },
    ]);
  }
  await visitor.upload('/polls/pictures/', [
    { name: TOKEN, data: token },
    { name: 'title', data: 'without a file' },
  ]);
  await visitor.get('/polls/pictures/1/');
  await visitor.get('/polls/pictures/2/?download');
  await visitor.send('HEAD', '/polls/pictures/2/');
  await visitor.get('/polls/feed.json', { 'Accept-Language': 'de, en;q=0.5' });
  const lines = await visitor.get('/polls/lines/');
  const index = await visitor.get('/polls/feed.json');
  await visitor.get('/polls/feed.json', { 'If-None-Match': index.header('ETag') });
  await visitor.get('/polls/fails/');
  const styles = await visitor.get('/static/polls/style.css');
  await visitor.get('/static/polls/style.css', { 'If-Modified-Since': styles.header('Last-Modified') });
  await visitor.get('/static/admin/css/base.css', { 'Accept-Encoding': 'gzip' });
  await visitor.get('/static/admin/js/core.js', { Range: 'bytes=100-299' });
  await visitor.get('/static/none.css');
  await visitor.send('POST', '/polls/fails/', { 'Content-Type': 'text/plain' }, 'no token');
  await visitor.send('DELETE', '/polls/1/');
  await visitor.get('/admin/password_change/');
  const leaving = await visitor.get('/admin/');
  await visitor.form('/admin/logout/', { [TOKEN]: leaving.input(TOKEN) });
  await visitor.get('/admin/');
  await visitor.get('/polls/', { Host: 'polls.elsewhere.example' });
  if (text === '' || lines.status !== 200) throw new Error('The pages of Django are empty');
}

function signIn(visitor: Visitor, page: Page, password: string): Promise<Page> {
  const fields = { [TOKEN]: page.input(TOKEN), username: 'admin', password, next: '/admin/' };
  return visitor.form('/admin/login/?next=/admin/', fields);
}

/** The form of the admin, with its two choices. */
function question(page: Page, { question_text }: { question_text: string }): Record<string, string> {
  const fields: Record<string, string> = {
    [TOKEN]: page.input(TOKEN),
    question_text,
    pub_date_0: '2024-02-29',
    pub_date_1: '12:30:00',
    'choice_set-TOTAL_FORMS': '3',
    'choice_set-INITIAL_FORMS': '0',
    'choice_set-MIN_NUM_FORMS': '0',
    'choice_set-MAX_NUM_FORMS': '1000',
    _save: 'Save',
  };
  for (const [number, choice] of ['Not much', 'The sky', ''].entries()) {
    fields[`choice_set-${number}-id`] = '';
    fields[`choice_set-${number}-question`] = '';
    fields[`choice_set-${number}-choice_text`] = choice;
    fields[`choice_set-${number}-votes`] = '0';
  }
  return fields;
}

/** Bytes of all values. */
export function pattern(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}
