/** A CGI script with Python's line: no argument at all. */
import { FieldStorage } from '../../lib/stdlib/cgi.js';

const form = new FieldStorage();
console.log(`Content-Type: application/json\r\n\r\n${JSON.stringify(form.getlist('a'))}`);
