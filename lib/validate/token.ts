/** RFC 9110 section 5.6.2: what method names and header names are made of. */

export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
