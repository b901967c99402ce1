/** GraphProto of ONNX (onnx/onnx.proto) as plain data; its tensors are found and not read, and graphs inside nodes are not entered. */
import { breathe } from '../base/breathe';
import { placeTensor, readTensor, type WrittenTensor } from './onnx-tensor';
import type { OnnxAttribute, OnnxNode, OnnxValue } from './program';
import type { Field, Range, WireFile } from './protobuf';
import { count, listed, quoted } from './refusal';
import type { StoredTensor } from './stored-tensor';
import type { ByteSource } from './types';

const MAX_NODES = 1_000_000;
const MAX_TENSORS = 1_000_000;
const MAX_LIST = 1 << 16;
/** Nodes and tensors between which the event loop runs. */
const TURN = 1024;
/** Bytes of an attribute need not be text. */
const LENIENT = new TextDecoder();

export interface OnnxContents {
  readonly nodes: OnnxNode[];
  readonly inputs: OnnxValue[];
  readonly outputs: OnnxValue[];
  readonly tensors: Map<string, StoredTensor>;
  /** Other files of the drop that hold elements. */
  readonly companions: Set<ByteSource>;
  readonly warnings: string[];
}

/** @param beside the files of the same drop. Throws InputError. */
export async function readGraph(file: WireFile, graph: Range, beside: readonly ByteSource[], signal?: AbortSignal): Promise<OnnxContents> {
  const contents: OnnxContents = { nodes: [], inputs: [], outputs: [], tensors: new Map(), companions: new Set(), warnings: [] };
  const sparse: string[] = [];
  const add = (written: WrittenTensor, name: string) => {
    if (contents.tensors.has(name)) throw file.error('duplicate-name', 'two tensors of the graph have this name; expected one', name);
    if (contents.tensors.size >= MAX_TENSORS) throw file.error('too-many-tensors', `it has more than ${count(MAX_TENSORS)} tensors`);
    const placed = placeTensor(written, name, file, beside);
    if ('leftOut' in placed) return void contents.warnings.push(placed.leftOut);
    contents.tensors.set(name, placed.tensor);
    if (placed.companion) contents.companions.add(placed.companion);
  };
  let turns = 0;
  for await (const field of file.fields('the graph', graph)) {
    if (++turns % TURN === 0) await breathe(signal);
    if (field.number === 1) {
      if (contents.nodes.length >= MAX_NODES) throw file.error('too-many-nodes', `it has more than ${count(MAX_NODES)} nodes`);
      file.expect(field, 2, 'a node');
      const { node, constant } = await readNode(file, field, `node ${contents.nodes.length + 1}`);
      contents.nodes.push(node);
      if (constant) add(constant, node.outputs[0] ?? '');
    } else if (field.number === 5) {
      file.expect(field, 2, 'an initializer');
      const written = await readTensor(file, field, `initializer ${contents.tensors.size + 1}`);
      add(written, written.name);
    } else if (field.number === 11 || field.number === 12) {
      file.expect(field, 2, 'an input or output');
      contents[field.number === 11 ? 'inputs' : 'outputs'].push(await readValue(file, field, field.number === 11 ? 'an input' : 'an output'));
    } else if (field.number === 15) sparse.push(`${sparse.length + 1}`);
  }
  if (sparse.length > 0) contents.warnings.push(`${count(sparse.length)} sparse tensors were left out; only dense ones are read.`);
  const orphans = contents.nodes.filter(({ op, outputs }) => (op === 'Constant' || op === 'ConstantOfShape') && outputs.length !== 1).map(({ name }) => name);
  if (orphans.length > 0) throw file.error('bad-node', `the Constant nodes ${listed(orphans)} do not have one output each`);
  return contents;
}

async function readNode(file: WireFile, range: Range, what: string): Promise<{ node: OnnxNode; constant: WrittenTensor | null }> {
  let [name, op, domain] = ['', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  let value: WrittenTensor | null = null;
  for await (const field of file.fields(what, range)) {
    if (field.number === 1) inputs.push(file.text(field, `an input of ${what}`));
    else if (field.number === 2) outputs.push(file.text(field, `an output of ${what}`));
    else if (field.number === 3) name = file.text(field, `the name of ${what}`);
    else if (field.number === 4) op = file.text(field, `the operator of ${what}`);
    else if (field.number === 7) domain = file.text(field, `the domain of ${what}`);
    else if (field.number === 5) {
      file.expect(field, 2, `an attribute of ${what}`);
      const attribute = await readAttribute(file, field, what);
      attributes.set(attribute.name, attribute.value);
      if (attribute.name === 'value') value = attribute.tensor;
    }
    if (inputs.length > MAX_LIST || outputs.length > MAX_LIST || attributes.size > MAX_LIST) throw file.error('bad-node', `${what} has more than ${count(MAX_LIST)} inputs, outputs or attributes`);
  }
  const standard = domain === 'ai.onnx' ? '' : domain;
  return { node: { name, op, domain: standard, inputs, outputs, attributes }, constant: (op === 'Constant' || op === 'ConstantOfShape') && standard === '' ? value : null };
}

/** AttributeProto.AttributeType, where nothing else is written: an empty list, or a zero that proto3 leaves out. */
const EMPTY = new Map<number, OnnxAttribute>([[1, 0], [2, 0], [3, ''], [6, []], [7, []], [8, []]]);

async function readAttribute(file: WireFile, range: Range, node: string): Promise<{ name: string; value: OnnxAttribute; tensor: WrittenTensor | null }> {
  let name = '';
  let type = 0;
  let value: OnnxAttribute | null = null;
  let tensor: WrittenTensor | null = null;
  const numbers: number[] = [];
  const texts: string[] = [];
  const what = `an attribute of ${node}`;
  for await (const field of file.fields(what, range)) {
    const n = field.number;
    if (n === 1) name = file.text(field, `the name of ${what}`);
    else if (n === 20) type = field.value;
    // Lists and texts that are too long to come with their field are data of custom operators.
    else if (field.wire === 2 && field.bytes === null && n !== 5) value = { held: n === 6 || n === 11 ? 'graph' : 'other' };
    else if (n === 2) value = file.floats(field, what)[0] ?? 0;
    else if (n === 3) value = file.integers(field, what)[0] ?? 0;
    else if (n === 4) value = latinOrText(file, field);
    else if (n === 7) numbers.push(...file.floats(field, what));
    else if (n === 8) numbers.push(...file.integers(field, what));
    else if (n === 9) texts.push(latinOrText(file, field));
    else if (n === 5) {
      file.expect(field, 2, what);
      tensor = await readTensor(file, field, `the tensor of ${node}`);
      value = { held: 'tensor' };
    } else if (n === 6 || n === 11) value = { held: 'graph' };
    else if (n !== 13 && n !== 21) value = { held: 'other' };
    if (numbers.length > MAX_LIST || texts.length > MAX_LIST) throw file.error('list-too-long', `${what}, ${quoted(name)}, has more than ${count(MAX_LIST)} entries`);
  }
  return { name, value: value ?? (numbers.length > 0 ? numbers : texts.length > 0 ? texts : (EMPTY.get(type) ?? { held: 'other' })), tensor };
}

function latinOrText(file: WireFile, field: Field): string {
  file.expect(field, 2, 'a text of an attribute');
  return LENIENT.decode(field.bytes!);
}

/** ValueInfoProto: a name, and the shape in its TypeProto where that is of a tensor. */
async function readValue(file: WireFile, range: Range, what: string): Promise<OnnxValue> {
  let name = '';
  let shape: (number | string | null)[] | null = null;
  for await (const field of file.fields(what, range)) {
    if (field.number === 1) name = file.text(field, `the name of ${what}`);
    else if (field.number === 2) {
      for await (const type of inside(file, field, `the type of ${what}`)) {
        if (type.number !== 1) continue;
        for await (const part of inside(file, type, `the type of ${what}`)) if (part.number === 2) shape = await readShape(file, part, `the shape of ${what}`);
      }
    }
  }
  return { name, shape };
}

async function readShape(file: WireFile, range: Field, what: string): Promise<(number | string | null)[]> {
  const shape: (number | string | null)[] = [];
  for await (const field of inside(file, range, what)) {
    if (field.number !== 1) continue;
    if (shape.length >= MAX_LIST) throw file.error('bad-shape', `${what} has more than ${count(MAX_LIST)} sizes`);
    let size: number | string | null = null;
    for await (const part of inside(file, field, what)) {
      if (part.number === 1) size = part.value;
      else if (part.number === 2) size = file.text(part, what);
    }
    shape.push(size);
  }
  return shape;
}

function inside(file: WireFile, field: Field, what: string): AsyncGenerator<Field> {
  file.expect(field, 2, what);
  return file.fields(what, field);
}
