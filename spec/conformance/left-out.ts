/** Rows of the checklist that no scenario shows, each with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'A-054': 'a duty of applications: the gateway is free, the validator tells',
  'A-173': 'a duty of applications: the validator tells',
  'A-307': 'no extension here replaces a function of WSGI',
  ...because('middleware: its own specs run it', [
    ...['A-320', 'A-321', 'A-322', 'A-323', 'A-324', 'A-325', 'A-326', 'A-327', 'A-328', 'A-330'],
    ...['E-147', 'E-149', 'E-150', 'E-151', 'E-152', 'E-153', 'E-154'],
  ]),
  'E-183':
    'a header SCRIPT_NAME is dropped for its underscore, from a proxy too: the option scriptName says it',
  ...because('the validator: its own specs run it', [
    ...['E-103', 'E-106', 'E-136', 'E-137', 'E-138', 'E-139', 'E-140', 'E-142', 'E-145'],
  ]),
  ...because('wsgiref.handlers over CGI, which no gateway of this suite speaks', ['E-109', 'E-116']),
  ...because('partial and failing writes are between Node and the kernel', ['E-118', 'E-120']),
  'E-155': 'the access log belongs to the server: spec/server/log/access-log.spec.ts',
  'E-180': 'there is no limit of requests to a process',
};

function because(reason: string, ids: string[]): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, reason]));
}
