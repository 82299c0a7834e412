/** Datetimes as the recorded cases have them: `{ datetime: '2021-06-09T10:18:14+02:00' }`, without an offset if they are naive. */
import { AwareDatetime, NaiveDatetime } from '../../../lib/stdlib/email/utils.js';

const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3})\d*)?(?:([+-])(\d\d):(\d\d))?$/;

/** Any other value stays as it is. */
export function readIso(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('datetime' in value)) return value;
  const [, year, month, day, hour, minute, second, fraction = 0, sign, hours, minutes] =
    ISO.exec(String(value.datetime)) ?? [];
  const naive = new NaiveDatetime({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  });
  if (sign === undefined) return naive;
  const utcoffset = (sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes));
  const whole = naive.replace({ tzinfo: { utcoffset } });
  return new AwareDatetime(whole.getTime() + Number(fraction), whole.tzinfo);
}

/** Any other value stays as it is. */
export function isoOf(value: unknown): unknown {
  if (value instanceof NaiveDatetime) return { datetime: value.isoformat() };
  if (!(value instanceof AwareDatetime)) return value;
  const { utcoffset } = value.tzinfo;
  const clock = new Date(value.getTime() + utcoffset * 1000).toISOString().slice(0, 19);
  const minutes = Math.abs(utcoffset / 60);
  const parts = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return { datetime: `${clock}${utcoffset < 0 ? '-' : '+'}${parts.join(':')}` };
}
