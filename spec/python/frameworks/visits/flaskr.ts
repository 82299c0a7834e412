/** What clients do at the application of Flask's tutorial: accounts, posts, flash messages, what is refused. */
import type { Visitor } from '../visitor.js';

export async function flaskr(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.get('/hello');
  await visitor.get('/static/style.css');
  const styles = await visitor.send('HEAD', '/static/style.css');
  await visitor.get('/static/style.css', { 'If-None-Match': styles.header('ETag') });
  await visitor.get('/static/style.css', { Range: 'bytes=10-99' });
  await visitor.get('/static/none.css');
  await visitor.get('/create');
  await visitor.get('/auth/register');
  await visitor.form('/auth/register', { username: '', password: 'x' });
  await visitor.form('/auth/register', { username: 'ann', password: '' });
  await visitor.form('/auth/register', { username: 'ann', password: 'sesame' });
  await visitor.form('/auth/register', { username: 'ann', password: 'again' });
  await visitor.form('/auth/register', { username: 'Zoë <b>', password: 'sesame' });
  await visitor.get('/auth/login');
  await visitor.form('/auth/login', { username: 'nobody', password: 'x' });
  await visitor.form('/auth/login', { username: 'ann', password: 'wrong' });
  await visitor.form('/auth/login', { username: 'ann', password: 'sesame' });
  await visitor.get('/');
  await visitor.get('/create');
  await visitor.form('/create', { title: '', body: 'no title' });
  await visitor.form('/create', { title: 'First & <foremost>', body: 'A body\r\nof two lines, “quoted”' });
  await visitor.get('/');
  await visitor.get('/1/update');
  await visitor.form('/1/update', { title: '', body: 'x' });
  await visitor.form('/1/update', { title: 'Changed', body: 'another body' });
  await visitor.get('/');
  await visitor.get('/99/update');
  await visitor.get('/1/delete');
  await visitor.form('/1/delete', {});
  // Only one post at a time: those of one second have no order.
  await visitor.upload('/create', [
    { name: 'title', data: 'Second' },
    { name: 'body', data: 'of a form with parts' },
  ]);
  await visitor.form('/create', {});
  await visitor.send('DELETE', '/2/update');
  await visitor.send('OPTIONS', '/create');
  await visitor.get('/auth/logout');
  await visitor.get('/');
  visitor.leave();
  await visitor.form('/auth/login', { username: 'Zoë <b>', password: 'sesame' });
  await visitor.get('/2/update');
  await visitor.form('/2/delete', {});
  await visitor.get('/', { Cookie: 'session=forged.by.somebody' });
  await visitor.get('/caf%C3%A9?q=%E2%82%AC');
  visitor.leave();
  await visitor.form('/auth/login', { username: 'ann', password: 'sesame' });
  await visitor.form('/2/delete', {});
  await visitor.get('/');
}
