/** Python's two kinds of `datetime`, as far as `email.utils` makes them: aware (a moment, a Date) and naive (a clock's reading). */
import { ValueError } from '../errors.js';

/** Python's `tzinfo` with a fixed offset. */
export interface TimeZone {
  /** Seconds east of Greenwich. */
  readonly utcoffset: number;
}

/** Python's `timezone.utc`. */
export const UTC: TimeZone = Object.freeze({ utcoffset: 0 });

/** What a clock on the wall shows; months from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** An aware datetime: a Date that knows in which time zone it was written. */
export class AwareDatetime extends Date {
  readonly tzinfo: TimeZone;

  /** @throws ValueError if the offset is not below a day. */
  constructor(milliseconds: number, tzinfo: TimeZone = UTC) {
    super(milliseconds);
    if (!(Math.abs(tzinfo.utcoffset) < 86_400)) {
      throw new ValueError(`the offset of a time zone is below 24 hours, not ${tzinfo.utcoffset} seconds`);
    }
    this.tzinfo = tzinfo;
  }

  /** The same reading of the clock in another time zone, so another moment, as in Python. */
  replace({ tzinfo }: { tzinfo: TimeZone }): AwareDatetime {
    return new AwareDatetime(this.getTime() + (this.tzinfo.utcoffset - tzinfo.utcoffset) * 1000, tzinfo);
  }

  /** Seconds since 1970. */
  timestamp(): number {
    return this.getTime() / 1000;
  }
}

/**
 * A naive datetime: date and time without a time zone, so it is not known which moment it is. It is not a Date, and cannot be
 * compared with one: Python raises a TypeError there, and so does this.
 */
export class NaiveDatetime implements WallTime {
  readonly tzinfo = null;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;

  /** @throws ValueError for a date or a time that does not exist, and for years outside 1 to 9999. */
  constructor(wall: WallTime) {
    checkWallTime(wall);
    this.year = wall.year;
    this.month = wall.month;
    this.day = wall.day;
    this.hour = wall.hour;
    this.minute = wall.minute;
    this.second = wall.second;
  }

  /** The moment at which a clock of that time zone shows this: `naive.replace({ tzinfo: UTC })`. */
  replace({ tzinfo }: { tzinfo: TimeZone }): AwareDatetime {
    return new AwareDatetime(utcMilliseconds(this) - tzinfo.utcoffset * 1000, tzinfo);
  }

  /** Seconds since 1970 if this is the local time, as Python takes it. */
  timestamp(): number {
    return localMilliseconds(this) / 1000;
  }

  /** `2021-06-09T10:18:14`. */
  isoformat(): string {
    return new Date(utcMilliseconds(this)).toISOString().slice(0, 19);
  }

  toString(): string {
    return this.isoformat().replace('T', ' ');
  }

  /** For `<`, `-` and the like. @throws TypeError */
  valueOf(): never {
    throw new TypeError(
      "can't compare a naive datetime: say in which time zone it is, naive.replace({ tzinfo: UTC })",
    );
  }
}

/** As a clock in Greenwich. Date.UTC takes the years 0 to 99 for those of the last century. */
export function utcMilliseconds({ year, month, day, hour, minute, second }: WallTime): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

/** As a clock of this machine. */
export function localMilliseconds({ year, month, day, hour, minute, second }: WallTime): number {
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month - 1, day);
  return date.setHours(hour, minute, second);
}

/** The ranges of Python's `datetime`, which knows no leap seconds. @throws ValueError */
export function checkWallTime(wall: WallTime): void {
  const { year, month, day, hour, minute, second } = wall;
  if (!(year >= 1 && year <= 9999)) throw new ValueError(`year ${year} is out of range`);
  if (!(month >= 1 && month <= 12)) throw new ValueError('month must be in 1..12');
  const start = new Date(utcMilliseconds({ ...wall, hour: 0, minute: 0, second: 0 }));
  if (day < 1 || start.getUTCDate() !== day) throw new ValueError('day is out of range for month');
  if (!(hour >= 0 && hour <= 23)) throw new ValueError('hour must be in 0..23');
  if (!(minute >= 0 && minute <= 59)) throw new ValueError('minute must be in 0..59');
  if (!(second >= 0 && second <= 59)) throw new ValueError('second must be in 0..59');
}
