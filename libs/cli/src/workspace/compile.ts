import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { messageOf } from '../failure.ts';
import type { Project } from './projects.ts';

const SPEC = /\.spec\.ts$/;

/** Transpiles single files of a project into its dist, with the settings of the workspace's build: what `dev` does on a change. */
export async function compileFiles(root: string, project: Project, files: readonly string[]): Promise<void> {
  const { transformFile } = await import('@swc/core');
  const config = join(root, '.swcrc');
  await Promise.all(
    files.map(async (file) => {
      if (SPEC.test(file)) return;
      const output = outputOf(project, file);
      if (!existsSync(file)) {
        for (const gone of [output, `${output}.map`]) rmSync(gone, { force: true });
        return;
      }
      mkdirSync(dirname(output), { recursive: true });
      if (extname(file) !== '.ts') {
        copyFileSync(file, output);
        return;
      }
      const { code, map } = await transformFile(file, {
        cwd: root,
        filename: file,
        sourceFileName: relative(dirname(output), file),
        sourceMaps: true,
        ...(existsSync(config)
          ? { configFile: config }
          : { swcrc: false, jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2024' } }),
      }).catch((error: unknown) => {
        throw new Error(`${relative(root, file)}: ${messageOf(error)}`);
      });
      writeFileSync(output, map ? `${code}\n//# sourceMappingURL=${basename(output)}.map` : code);
      if (map) writeFileSync(`${output}.map`, map);
    }),
  );
}

/** Transpiles a whole project. */
export async function compileProject(root: string, project: Project): Promise<void> {
  const source = join(project.directory, 'src');
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  await compileFiles(root, project, files);
}

function outputOf({ directory }: Project, file: string): string {
  const output = join(directory, 'dist', relative(join(directory, 'src'), file));
  return file.endsWith('.d.ts') ? output : output.replace(/\.ts$/, '.js');
}
