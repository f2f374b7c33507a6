/** Checks whether the system and the options of the process allow any libtorch to load. */
import { candidates } from './find';
import { PACKAGE_ROOT } from './folders';

/** Returns the version of glibc that Node runs on. Undefined on a system with another C library, such as musl. */
export function glibcVersion(): string | undefined {
  const report = process.report?.getReport() as
    | { header?: { glibcVersionRuntime?: string } }
    | undefined;
  return report?.header?.glibcVersionRuntime;
}

/**
 * Returns the reason why nothing can load on this system or in this process, and what to do. Undefined if there is
 * none.
 */
export function refusalOfHost(): string | undefined {
  if (process.platform === 'linux' && !glibcVersion()) {
    return 'This system has no glibc, which libtorch needs: use a Debian-, Ubuntu- or RHEL-based system or image.';
  }
  const permissions = process.permission ? missingPermissions() : [];
  if (permissions.length > 0) {
    return `Node's permission model does not let torch-losses load. Start Node with ${permissions.join(' ')} too.`;
  }
  if (hasFlag('--no-addons')) {
    return 'Node runs with --no-addons, and torch-losses is a native addon: start Node without it (see NODE_OPTIONS too).';
  }
  return undefined;
}

function missingPermissions(): string[] {
  const { permission } = process;
  const directories = [...candidates()].flatMap(({ directory }) => directory ?? []).slice(0, 1);
  const unreadable = [PACKAGE_ROOT, ...directories].filter(
    (folder) => !permission.has('fs.read', `${folder}/`),
  );
  return [
    ...(hasFlag('--allow-addons') ? [] : ['--allow-addons']),
    ...unreadable.map((folder) => `--allow-fs-read=${folder}/`),
    ...(process.env['LIBTORCH'] || permission.has('child')
      ? []
      : [
          '--allow-child-process (or with LIBTORCH set: then no Python is asked where its torch is)',
        ]),
  ];
}

function hasFlag(flag: string): boolean {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return options.includes(flag);
}
