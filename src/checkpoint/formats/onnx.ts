/**
 * ONNX: a ModelProto of Protocol Buffers (onnx/onnx.proto), whose graph holds the weights, or says in which files beside it they are. The
 * weights are read when they are asked for; to open the file only the fields between them are.
 */
import type { Contents, FileFormat, Sniffed } from '../format';
import { readGraph } from '../onnx-graph';
import { readEntry } from '../onnx-tensor';
import { WireFile, type Field } from '../protobuf';
import { refusal } from '../refusal';
import type { ByteSource } from '../types';

/** Tags that may follow the version of the format: producer, its version, domain, model version, doc string, graph, operator sets. */
const SECOND = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];

export const onnx: FileFormat = {
  format: 'ONNX',

  recognises: ({ head, extension }: Sniffed) =>
    extension === 'onnx' || (head.length > 16 && head[0] === 8 && head[1]! > 0 && head[1]! <= 20 && SECOND.includes(head[2]!)),

  async open({ source }: Sniffed, signal?: AbortSignal, beside: readonly ByteSource[] = []): Promise<Contents> {
    const file = new WireFile(source, 'ONNX');
    const metadata = new Map<string, string>();
    let graph: Field | null = null;
    let opset: number | null = null;
    let functions = 0;
    for await (const field of file.fields('the model', file.whole)) {
      if (field.number === 7) {
        file.expect(field, 2, 'the graph');
        if (graph !== null) throw file.error('two-graphs', 'it holds two graphs; expected one');
        graph = field;
      } else if (field.number === 2 || field.number === 3) {
        metadata.set(field.number === 2 ? 'producer' : 'producer_version', file.text(field, 'the producer'));
      } else if (field.number === 8) opset = (await defaultOpset(file, field)) ?? opset;
      else if (field.number === 14) await readEntry(file, field, 'metadata_props', metadata);
      else if (field.number === 25) functions++;
    }
    if (graph === null) throw refusal('no-graph', source.name, 'it is an ONNX model without a graph. The file is cut, or holds something else: fetch it again, or export it again.');
    // The operator sets stand behind the graph: where they are missing, so may be the end of the file.
    if (opset === null) throw refusal('no-opset', source.name, 'it does not say which version of the ONNX operators it uses; every exporter writes that behind the graph. The file is cut: fetch it again, or export it again.');
    const { nodes, inputs, outputs, tensors, companions, warnings } = await readGraph(file, graph, beside, signal);
    if (functions > 0) warnings.push(`${functions} functions of its own stand beside the graph and are not read.`);
    if (tensors.size === 0) warnings.push('The file is sound but holds no tensors.');
    return { tensors: [...tensors.values()], metadata, warnings, shared: [], program: { kind: 'onnx', opset, inputs, outputs, nodes }, companions: [...companions] };
  },
};

/** The version, where the set is that of ONNX itself. */
async function defaultOpset(file: WireFile, range: Field): Promise<number | null> {
  file.expect(range, 2, 'an operator set');
  let domain = '';
  let version = 0;
  for await (const field of file.fields('an operator set', range)) {
    if (field.number === 1) domain = file.text(field, 'the domain of an operator set');
    else if (field.number === 2) version = field.value;
  }
  return domain === '' || domain === 'ai.onnx' ? version : null;
}
