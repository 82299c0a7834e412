/** Options of the validator: rules that are off by default. */

export interface ValidatorOptions {
  /** Warn when Location is relative, which RFC 9110 allows and old clients do not know. */
  readonly absoluteLocation?: boolean;
  /** Warn when items of the body are very large, or many and very small. */
  readonly performance?: boolean;
}
