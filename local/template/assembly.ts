import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A resource of a template. Its intrinsic functions are not evaluated yet. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>> | undefined;
  readonly Metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A synthesised CloudFormation stack, read from its template file. */
export interface StackTemplate {
  readonly name: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } | undefined }>
  >;
  readonly parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  /** Directory of each file asset, by the hash of the asset. */
  readonly assets: Readonly<Record<string, string>>;
}

const record = <T extends z.ZodType>(of: T) => z.record(z.string(), of).default({});

const Manifest = z.object({
  artifacts: record(
    z.object({ type: z.string(), properties: z.object({ templateFile: z.string().optional() }).loose().optional() }),
  ),
});

const Template = z.object({
  Resources: record(
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).optional(),
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: record(z.object({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() })),
  Parameters: record(z.object({ Default: z.unknown().optional() })),
  Conditions: record(z.unknown()),
  Mappings: record(z.record(z.string(), z.record(z.string(), z.unknown()))),
});

const AssetManifest = z.object({ files: record(z.object({ source: z.object({ path: z.string().optional() }) })) });

/** Reads all stacks of a cloud assembly, in the order of the assembly's manifest. */
export async function readAssembly(directory: string): Promise<StackTemplate[]> {
  const read = async <T>(schema: z.ZodType<T>, file: string): Promise<T> =>
    schema.parse(JSON.parse(await readFile(join(directory, file), 'utf8')));
  const { artifacts } = await read(Manifest, 'manifest.json');
  const assets: Record<string, string> = {};
  for (const [id, { type }] of Object.entries(artifacts)) {
    if (type !== 'cdk:asset-manifest') continue;
    const { files } = await read(AssetManifest, `${id}.json`);
    for (const [hash, { source }] of Object.entries(files)) {
      if (source.path !== undefined) assets[hash] = join(directory, source.path);
    }
  }
  const stacks: StackTemplate[] = [];
  for (const [name, { type, properties }] of Object.entries(artifacts)) {
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) continue;
    const template = await read(Template, properties.templateFile);
    stacks.push({
      name,
      resources: template.Resources,
      outputs: template.Outputs,
      parameters: template.Parameters,
      conditions: template.Conditions,
      mappings: template.Mappings,
      assets,
    });
  }
  return stacks;
}
