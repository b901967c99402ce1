/** Keras models and weights in one HDF5 file: .h5 of any version, .weights.h5. */
import type { Contents, FileFormat, Sniffed } from '../format';
import { SIGNATURE } from '../hdf5/bytes';
import { readHdf5 } from '../hdf5/file';
import { isTrainingState, readConfig, readWeights } from '../keras-weights';
import { refusal } from '../refusal';

const FOREIGN = 'it is an HDF5 file, but not of Keras: it has neither the attribute "layer_names" nor groups "vars". In Python: import h5py, numpy as np; a = {}; h5py.File(path).visititems(lambda k, v: a.update({k: v[()]}) if isinstance(v, h5py.Dataset) else None); np.savez("weights.npz", **a).';

export const kerasH5: FileFormat = {
  format: 'Keras',
  recognises: ({ head }: Sniffed) => String.fromCharCode(...head.subarray(0, 8)) === SIGNATURE,

  async open({ source }: Sniffed, signal): Promise<Contents> {
    const file = source.name;
    const objects = await readHdf5(source, isTrainingState, signal);
    const texts = objects.get('')!.texts;
    const stated = texts.get('model_config')?.[0];
    const warnings: string[] = [];
    const config = stated === undefined ? null : readConfig(new TextEncoder().encode(stated), file, warnings);
    const weights = readWeights(objects, config, file);
    if (weights === null) throw refusal('hdf5', file, FOREIGN);
    if (stated === undefined) warnings.push('It holds weights without their model. Save the model as .keras to have it run as it is.');
    const metadata = new Map([...texts].flatMap(([key, [value]]) => (key === 'keras_version' || key === 'backend' ? [[key, value!.slice(0, 100)] as const] : [])));
    return {
      tensors: weights.tensors, metadata, warnings: [...warnings, ...weights.warnings], shared: [],
      ...(config === null ? {} : { program: { kind: 'keras', config, variables: weights.variables } }),
    };
  },
};
