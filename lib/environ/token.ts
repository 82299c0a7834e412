/** RFC 9110 section 5.6.2: what method names, header names and WebSocket subprotocols are made of. */

export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
