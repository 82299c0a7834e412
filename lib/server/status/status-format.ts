/** In which format a client wants the status: by `?format=`, else by its Accept header (RFC 9110 section 12.5.1). */
import { RequestError } from '../../errors.js';
import { METRICS_TYPES, type MetricsFormat } from './metrics.js';

export type StatusFormat = 'json' | MetricsFormat;

export const STATUS_TYPES: Readonly<Record<StatusFormat, string>> = {
  json: 'application/json',
  ...METRICS_TYPES,
};

/** What is equally welcome goes by this order: a browser and curl get JSON. */
const FORMATS = Object.keys(STATUS_TYPES) as StatusFormat[];

/**
 * @param query of the request. @param accept the header's value.
 * @throws RequestError 400 for a format that there is not.
 */
export function chooseFormat(query: string, accept: string | undefined): StatusFormat {
  const wanted = new URLSearchParams(query).get('format');
  if (wanted === null) return byAccept(accept);
  const format = FORMATS.find((one) => one === wanted);
  if (format === undefined) throw new RequestError(400, `The format is one of ${FORMATS.join(', ')}`);
  return format;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** JSON also where nothing that is accepted is there: the client may still read it. */
function byAccept(accept = '*/*'): StatusFormat {
  const ranges = accept.split(',').map(parseRange);
  let [best, most]: [StatusFormat, number] = ['json', 0];
  for (const format of FORMATS) {
    const quality = qualityOf(STATUS_TYPES[format], ranges);
    if (quality > most) [best, most] = [format, quality];
  }
  return best;
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = weight === undefined ? 1 : Number(weight);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** That of the most precise range; of several (versions of a type) the highest. */
function qualityOf(contentType: string, ranges: readonly Range[]): number {
  const [type = ''] = contentType.split(';');
  for (const precise of [type, type.replace(/\/.*/, '/*'), '*/*']) {
    const qualities = ranges.filter((range) => range.type === precise).map(({ quality }) => quality);
    if (qualities.length > 0) return Math.max(...qualities);
  }
  return 0;
}
