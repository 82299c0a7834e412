/** For a Node without `registerHooks`: what `module.register` runs in a thread beside the one that imports. */
import { FileReports, type ResolveContext, type Resolved } from './loaded-files.js';

let reports: FileReports | undefined;

export function initialize({ descriptor }: { readonly descriptor: number }): void {
  reports = new FileReports(descriptor);
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Promise<Resolved>,
): Promise<Resolved> {
  try {
    const resolved = await next(specifier, context);
    reports?.addUrl(resolved.url);
    return resolved;
  } catch (error) {
    reports?.addMissing(specifier, context.parentURL);
    throw error;
  }
}
