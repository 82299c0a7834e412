/** What a form is, or why it is none: for comparing one with another. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlockingFilePart, FilePart } from '../../../lib/environ/form/file.js';
import type { BlockingForm, Form } from '../../../lib/environ/form/form.js';

export interface FormParts {
  fields: [name: string, value: string][];
  /** Contents as latin-1. */
  files: [name: string, filename: string, contentType: string, content: string][];
}

/** As `onFile`: nothing goes to disk. */
export function takeContent({ stream }: FilePart | BlockingFilePart): string | Promise<string> {
  if (!(stream instanceof Readable)) return stream.read().toString('latin1');
  return buffer(stream).then((content) => content.toString('latin1'));
}

export async function outcome(reading: Promise<Form | BlockingForm>): Promise<FormParts | Error> {
  let form: Form | BlockingForm;
  try {
    form = await reading;
  } catch (error) {
    return error as Error;
  }
  const files = [...form.files.values()].map(
    ({ name, filename, contentType, value }) =>
      [name, filename, contentType, String(value)] as FormParts['files'][number],
  );
  return { fields: [...form.fields], files };
}
