/** The certificate that specs serve with: for localhost, signed by itself. */
import { fileURLToPath } from 'node:url';

const fixture = (name: string) => fileURLToPath(new URL(`../server/fixtures/${name}`, import.meta.url));

/** Options of a server. */
export const TLS = { certfile: fixture('localhost-cert.pem'), keyfile: fixture('localhost-key.pem') };
