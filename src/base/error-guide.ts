/**
 * Causes, an example and a remedy for every coded error: what `pawprint errors CODE` and
 * docs/errors.md say. Loaded for these alone. A code without its row does not compile.
 */
import type { ErrorCode } from "./errors.ts";

export interface ErrorGuide {
  /** The usual causes, as sentences. */
  readonly causes: string;
  /** The message of one real case. */
  readonly example: string;
  /** What to do, as sentences; a command stands behind a colon. */
  readonly remedy: string;
}

const row = (causes: string, example: string, remedy: string): ErrorGuide => ({ causes, example, remedy });

const readAgain = "Run the command again when nothing else writes there.";
const copyAgain = "Copy or download the file again, and compare its size with that of the original.";

/** By code, in the order of the table of errors. */
export const errorGuide: Readonly<Record<ErrorCode, ErrorGuide>> = {
  CLI_USAGE: row(
    "A mistyped command or flag, a value that is out of range, or an argument too few or too many.",
    "Expected a flag that this command takes; got --epoch (pawprint train)",
    "Read the hint, then what the command takes: pawprint train --help",
  ),
  CONFIG_INVALID: row(
    "A setting that is out of its range, of another type, or that does not fit the data or another setting. It may come from a flag, from the environment (PAWPRINT_...) or from pawprint.yaml; the place in brackets says which.",
    "Expected a batch size of at most the 33 training pictures; got 64",
    "Change the value at that place. Ranges are in: pawprint train --help",
  ),
  CONFIG_UNKNOWN_KEY: row(
    "A mistyped key in pawprint.yaml, in a PAWPRINT_ variable or among the options of a function of the library, or a key below the wrong section.",
    "Expected a known configuration key; got train.epoch (pawprint.yaml line 3)",
    "Correct the name; keys are the flags in camelCase (batchSize for --batch-size): pawprint train --help",
  ),
  CONFIG_UNREADABLE: row(
    "Wrong indentation, a tab, or a missing quote in pawprint.yaml.",
    "Expected a configuration file in valid YAML; got Nested mappings are not allowed in compact mappings (pawprint.yaml line 2)",
    "Mend the line that is named; keys below a section are indented by two blanks.",
  ),
  ARGUMENT_INVALID: row(
    "A program gave a function of the library, or the client, a value that it does not take: a Response or a stream in place of its bytes, pixels in place of a picture file, a mistyped option.",
    "Expected a path, a file: URL, bytes (a Buffer, Uint8Array or ArrayBuffer), or a Blob or File; got a Response (picture)",
    "Give what the message requires; the hint says how to get it from what was given.",
  ),
  ARCHITECTURE_UNKNOWN: row(
    "A mistyped name behind --architecture.",
    "Expected an architecture: cnn, resnet, mobilenet; got 'resnt'",
    "Choose one of the names in the message: pawprint train --data FOLDER --architecture resnet",
  ),
  BACKBONE_INPUT: row(
    "An ONNX file does not tell how its pictures were normalised, and nothing else did: no side-car file, no metadata, no flag.",
    "Expected a declaration of how the backbone takes pictures; got none (mobilenet.onnx)",
    "Look up the normalisation in the documentation of the model, then give it: pawprint train --data FOLDER --backbone mobilenet.onnx --backbone-input minus-one-to-one",
  ),
  BACKBONE_UNSUITED: row(
    "The model takes no pictures (several inputs, another rank), gives no features of a fixed size, or holds operations without a gradient where it is to be fine-tuned.",
    "Expected a model with one input, pictures float32 [N,3,H,W] or [N,H,W,3]; got 2 inputs (bert.onnx)",
    "See what the model takes and gives: pawprint backbone inspect FILE",
  ),
  QUANTIZATION_UNSUITED: row(
    "The bundle is quantised already, or its network has no convolution or product of matrices with fixed weights.",
    "Expected a bundle of floats; got one that is quantised (models/pets-int8.onnx)",
    "Give the bundle that training wrote: pawprint quantize models/pets.onnx --data pets.zip --out pets-int8.onnx",
  ),
  LAYER_UNKNOWN: row(
    "A mistyped name behind --layer, or the name of a layer in another tool's notation; an ONNX file has names of values.",
    "Expected a layer of the backbone, such as features or logits; got 'feature' (mobilenet.onnx)",
    "See the layers and which of them are features: pawprint backbone inspect FILE",
  ),

  FILE_NOT_FOUND: row(
    "A mistyped path, another current folder than the one meant, or a training that has no checkpoint to resume from.",
    "Expected a file or folder that exists; got data/pet",
    "Look at the path; it is taken from the current folder unless it begins with /.",
  ),
  FILE_EXISTS: row(
    "An earlier run wrote the same file or folder. Nothing is overwritten unasked.",
    "Expected a name that is free; got a file that exists (models/pets.onnx)",
    "Choose another name, or replace it with --force. A training that was interrupted goes on with --resume: pawprint train --data FOLDER --resume",
  ),
  FILE_WRITE_FAILED: row(
    "A full disk, a missing permission, a read-only file system, or a folder where a file should be. The old file, if any, is whole.",
    "Expected a path that can be written; got a full disk [ENOSPC] (models/pets.onnx)",
    "Make room or choose another folder, then run the command again.",
  ),
  FILE_READ_FAILED: row(
    "A missing permission, a folder in place of a file, or a failing disk.",
    "Expected a file that can be read; got permission denied [EACCES] (data/raw/cat/1.jpg)",
    "Give yourself the right to read it; where the disk fails, copy the data to another one.",
  ),
  TOO_MANY_OPEN_FILES: row(
    "A limit of open files below about 64 (ulimit -n), or other files that the same program keeps open. Pawprint opens fewer files at once where the limit is low.",
    "Expected a limit of open files that is high enough; got a process that has reached its limit",
    "Raise the limit with ulimit -n 1024 in the shell, or in the settings of the service manager.",
  ),
  INTERRUPTED: row(
    "Ctrl-C, or SIGTERM from a scheduler, a container or a closed terminal. Finished files are whole.",
    "Expected completed work; got SIGINT",
    "The hint says how to go on. A training with a checkpoint resumes: pawprint train --data FOLDER --resume",
  ),

  DATASET_EMPTY: row(
    "A folder one level too high or too low, pictures of kinds that cannot be read, or a manifest whose paths lead nowhere.",
    "Expected pictures of at least two classes; got no picture that can be used (data/raw)",
    "See the reason for each picture: pawprint data check SOURCE",
  ),
  DATASET_ONE_CLASS: row(
    "All pictures lie in one folder, or the folder that was named is that of one class.",
    "Expected pictures of at least two classes; got only 'cat', with 120 pictures (data/raw/cat)",
    "Name the folder above, with a folder for each class: pawprint data check FOLDER",
  ),
  DATASET_CLASS_TOO_SMALL: row(
    "A class with two or fewer different pictures, often because the others are copies or cannot be read.",
    "Expected at least 3 different pictures of each class, one for each split; got 2 of class 'owl' (data/raw)",
    "Add pictures or leave the class out. See what was left out of it: pawprint data check SOURCE",
  ),
  DATASET_SOURCE_UNKNOWN: row(
    "A file or folder of another kind than a source: no folder of pictures, archive, manifest, idx or CIFAR files, or s3:// address.",
    "Expected a folder of pictures; got a source of kind 'archive' (pets.zip)",
    "Turn any source into a folder: pawprint data import SOURCE --to data/raw",
  ),
  DATASET_LAYOUT_UNCLEAR: row(
    "Folders of which some are named for splits (train, test) and others are not, splits with different classes inside, or parts of a set (fold1, fold2) in the place of classes.",
    "Expected folders that are all classes, or all splits such as train, val and test; got 'cat' (10 pictures), 'dog' (10 pictures), 'test' (5 pictures) (pets)",
    "Say what the outer folders are with --layout classes or --layout splits, name the folder inside, or list pictures with their labels and splits in a manifest: pawprint data check FOLDER --layout classes",
  ),
  DATASET_LABEL_MISSING: row(
    "Pictures lie side by side, and neither folders nor names such as cat.12.jpg say what they show.",
    "Expected pictures in folders named for their classes, or with names like cat.12.jpg; got 40 pictures without a label, the first 'IMG_1.jpg': no class in its folder or name (photos)",
    "Move them into a folder for each class, or write a manifest of path,label lines: pawprint data import labels.csv",
  ),
  DATASET_LABEL_CONFLICT: row(
    "The same picture was filed under two classes.",
    "Expected only usable pictures, since it is strict; got 'cat/1.jpg': the same picture under 'cat' and 'dog' (data/raw)",
    "Keep the copy whose label is right. See all of them: pawprint data check SOURCE --report check.html",
  ),
  DATASET_LABELS_DIFFER: row(
    "Folders of the evaluation data are named in another language, case or number than those of the training.",
    "Expected pictures of the bundle's classes: cat, dog; got cats, dogs (holiday)",
    "Rename the folders to the bundle's labels: pawprint inspect MODEL",
  ),
  DATASET_TOO_LARGE: row(
    "More pixels than one block of memory holds.",
    "Expected pictures that fit into one block of memory at the recipe's size; got 2000000 pictures of 96 x 96: 55.3 GB",
    "Pack them into a folder, from which they are read in parts: pawprint data pack SOURCE",
  ),
  ARCHIVE_CORRUPT: row(
    "A broken download or copy, or a file whose name ends in .zip or .tar and that is none.",
    "Expected a zip archive that is whole; got one without the directory at its end: it is cut off (pets.zip)",
    copyAgain,
  ),
  ARCHIVE_LIMIT: row(
    "A very large archive, or one made to fill the disk (a zip bomb).",
    "Expected unpacked content of at most 64.0 GB; got more than that (pets.tar.gz)",
    "Where you trust it, unpack it and name the folder: pawprint data check FOLDER",
  ),
  ARCHIVE_UNSUPPORTED: row(
    "An archive with a password, one in several parts (.z01, .zip.001), or one that was packed with another method than deflate (deflate64, bzip2, zstd).",
    "Expected an archive in one file, without a password, packed with deflate; got one that is encrypted (pets.zip)",
    "Unpack it with the program that made it, and name the folder: pawprint data check FOLDER",
  ),
  IDX_INVALID: row(
    "A broken download, a page of a proxy in place of the file, or labels and pictures of different sets.",
    "Expected an idx file of unsigned bytes with 3 dimensions and the magic number 0x00000803; got 0x3c68746d (mnist/train-images-idx3-ubyte)",
    "Fetch the files again into a new folder: pawprint data fetch mnist --to data/mnist-2",
  ),
  CIFAR_INVALID: row(
    "A broken download, or the Python version of CIFAR-10; the binary version is needed.",
    "Expected a batch of CIFAR-10 with records of 3073 bytes; got 1000 bytes (cifar-10-batches-bin/data_batch_1.bin)",
    "Download cifar-10-binary.tar.gz again and name it: pawprint data check cifar-10-binary.tar.gz",
  ),
  MANIFEST_INVALID: row(
    "A first line without the names of the columns, a file that is no text, or no line that can be used. Lines that are faulty one by one are skipped and named instead.",
    "Expected a header line with the columns path|file|filename|image and label|class|target; got 'a.jpg, cat, 1' (labels.csv:1)",
    "Mend the line that is named. A manifest has path and label in its first line, split if you want.",
  ),
  SOURCE_CHANGED: row(
    "Another program wrote to the pictures while they were being read.",
    "Expected pictures that stay as they are while they are being read; got another picture in the place of the one listed before: 'cat/7.jpg' (data/raw)",
    readAgain,
  ),
  PACK_INVALID: row(
    "A pack that was damaged, or made by another version of Pawprint.",
    "Expected version 2 of a pack; got version 1 (data/processed/raw/index.jsonl, line 1)",
    "Pack again: pawprint data pack SOURCE --to FOLDER",
  ),
  DOWNLOAD_FAILED: row(
    "No network, a proxy that is not set, or a publisher that does not answer.",
    "Expected 9.9 MB from one of its addresses; got https://example.org/a.gz: 503 Service Unavailable (data/mnist/train-images-idx3-ubyte.gz)",
    "Set HTTPS_PROXY where there is a proxy, then run it again; it goes on where it ended: pawprint data fetch mnist",
  ),
  DOWNLOAD_MISMATCH: row(
    "A proxy's login page in place of the file, or a file that its publisher has changed.",
    "Expected a file of 9912422 bytes, as it was published; got 4312 bytes (data/mnist/train-images-idx3-ubyte.gz)",
    "Open the address in a browser to see what answers there, then run it again: pawprint data fetch mnist",
  ),
  STORE_FAILED: row(
    "Missing or expired credentials, a missing permission, another region, or a store that does not answer.",
    "Expected access to the object store; got access denied (s3://bucket/pets)",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, and AWS_REGION; AWS_ENDPOINT_URL for other stores than AWS.",
  ),
  STORE_KEY_INVALID: row(
    "A name with .., an empty part, or a character that no object's name may have.",
    "Expected a key of one or more names separated by '/'; got \"../a\" with '..'",
    "Rename the object or the file that it is made from.",
  ),
  STORE_CONFLICT: row(
    "Two programs wrote the same object at the same time.",
    "Expected an object that nobody changed meanwhile; got another version (s3://bucket/runs/1.json)",
    "Run the command again; it reads the object anew.",
  ),
  PACKAGE_MISSING: row(
    "S3 and traces need packages that are not installed by themselves.",
    "Expected the optional package @aws-sdk/client-s3 to work with S3; got no such package",
    "Install what the hint names, such as npm install @aws-sdk/client-s3, in the project that runs Pawprint.",
  ),
  LOCKED: row(
    "Another Pawprint works in the same folder, or one on another machine ended without removing its lock.",
    "Expected a folder without another process at work in it; got process 4711 on gpu-3, since 2026-05-01T12:30:05.000Z (models/pets.checkpoints/.lock)",
    "Wait until it has ended, or choose another folder. Delete the file only where that process no longer runs.",
  ),
  IMAGE_UNREADABLE: row(
    "An empty or cut-off file, a kind of picture that is not read, or another file in the place of one.",
    "Expected a picture that is whole; got a JPEG of 23.1 kB that ends before the picture does (data/raw/cat/3.jpg)",
    "Copy the file again, or save it as JPEG or PNG. See all such files: pawprint data check SOURCE",
  ),
  IMAGE_SIZE: row(
    "A scan or panorama of more pixels than the limit, or a file of more bytes.",
    "Expected a picture of 1 to 100 million pixels; got 20000 x 9000 pixels (scan.tif)",
    "Make it smaller with any picture editor.",
  ),
  RECIPE_INVALID: row(
    "A recipe written by hand, or by another version of Pawprint.",
    "Expected a known field of a recipe; got 'heigth'",
    "A recipe has width, height, channels, fit and kernel; a bundle shows its own: pawprint inspect MODEL --json",
  ),

  GRAPH_SHAPE: row(
    "Layers whose sizes do not fit, in a graph built with pawprint/graph.",
    "Expected a scalar loss; got [8,10]",
    "Compare the shapes in the message; the layer is named where it has a name.",
  ),
  GRAPH_DTYPE: row(
    "An integer tensor where a float is needed, or the reverse, in a graph built with pawprint/graph.",
    "Expected int32, int64 or float32 targets for softmaxCrossEntropy; got uint8",
    "Convert the tensor with cast before this op.",
  ),
  GRAPH_ATTRIBUTE: row(
    "An option of an op that is out of range, or an opset that cannot express the op.",
    "Expected an opset from 13 to 21; got 9",
    "Change the option that the message names.",
  ),
  GRAPH_NOT_DIFFERENTIABLE: row(
    "A loss that goes through an op such as argMax, or does not depend on the parameter at all.",
    "Expected a loss that depends on w; got no path",
    "Leave the op out of the path from the parameters to the loss.",
  ),
  MODEL_UNREADABLE: row(
    "A file that is no ONNX model, a model whose weights lie in another file, or one in a newer opset.",
    "Expected an ONNX file, a protobuf ModelProto; got 35149 other bytes (photo.jpg)",
    "Give a bundle that train wrote; to look at one: pawprint inspect MODEL",
  ),
  BUNDLE_INVALID: row(
    "An ONNX model that Pawprint did not export (recipe and labels are missing), or a bundle that was damaged or changed.",
    "Expected a bundle with pawprint.format 1 in its metadata; got an ONNX model without it (resnet50.onnx)",
    "Train a bundle of your own: pawprint train --data FOLDER",
  ),
  BUNDLE_PARITY: row(
    "A damaged file, or an engine on this machine that computes other results than the one of the training.",
    "Expected probabilities within 0.0001 of the trained model's; got a difference of 0.0123 (models/pets.onnx)",
    "Copy the bundle again and compare its SHA-256: pawprint inspect MODEL",
  ),
  EXECUTION_FAILED: row(
    "Too little memory while a graph ran, or a model that the engine cannot run.",
    "Expected an open predictor; got one that was closed",
    "Close other programs or take smaller pictures; with --verbose the engine's own message is shown.",
  ),
  EXECUTION_INPUT: row(
    "Pixels of another size, number of channels or type than the model takes, in a call of the library.",
    "Expected one or more pictures of 64 x 64 x 3 bytes (height, width, channels); got 4096 bytes",
    "Apply the bundle's recipe to the picture first, or give the file itself: pawprint predict MODEL PICTURE",
  ),
  TRAIN_DIVERGED: row(
    "A learning rate that is too high for the data and the network.",
    "Expected a finite loss; got NaN (epoch 1, step 12, learning rate 3.00)",
    "Find a rate, then train with it: pawprint find-rate --data FOLDER",
  ),
  TRAIN_OUT_OF_MEMORY: row(
    "A batch, picture size or network that is too large for this machine or container.",
    "Expected about 9.4 GB of memory for steps of 512 pictures; got 4.2 GB on this machine, other processes included",
    "Take the batch that the hint names, or smaller pictures: pawprint train --data FOLDER --batch-size 64 --size 64",
  ),
  BATCH_MISMATCH: row(
    "The bundle was replaced, pictures were added, removed or changed, or another shard or batch size was given since the predictions were begun.",
    "Expected unfinished predictions of the same model; got those of another model (predictions.csv.partial)",
    "Repeat the command that began them, or begin again: pawprint batch SOURCE --model BUNDLE --out FILE --force",
  ),
  TRIAL_FAILED: row(
    "A trial's process was killed, mostly for want of memory.",
    "Expected a training that completes; got exit code none (sweeps/pets/trial-003)",
    "Read log.txt in that folder; run fewer trials at once: pawprint sweep sweep.yaml --parallel 1",
  ),
  TRIAL_RESULT_INVALID: row(
    "Results of two sweeps below one address, an object that another program wrote or changed, or a bundle that was deleted.",
    "Expected a result that a trial of this sweep left; got other text (s3://pets/sweeps/a/trial-003-epochs-9/result.json)",
    "Delete that object and run its trial again, or give each sweep an address of its own.",
  ),
  CHECKPOINT_INVALID: row(
    "The data or a setting changed since the training was interrupted, or a checkpoint was damaged.",
    "Expected a checkpoint of this training, with seed 2; got 1 (models/pets.checkpoints/step-000000120.safetensors)",
    "Resume with the settings of the first run, or start again: pawprint train --data FOLDER --force",
  ),

  REQUEST_INVALID: row(
    "A body, query or header that the route does not take.",
    'Expected a label, or a class index from 0 to 1, for class; got "bird" (query)',
    "Compare it with the route's entry in /docs of the service; /openapi.json has examples.",
  ),
  REQUEST_TOO_LARGE: row(
    "More bytes or pictures in one request than the service allows.",
    "Expected at most 32 pictures in one request; got 50 pictures",
    "Send them in several requests, or raise the limit of the service: pawprint serve MODEL --help",
  ),
  MEDIA_TYPE_UNSUPPORTED: row(
    "A request without a content type (curl sends that of a form), or a kind of body or compression that the route does not take.",
    'Expected one of application/json, image/*, multipart/form-data; got "text/plain" (content-type)',
    "Name the type: curl --data-binary @cat.jpg -H 'content-type: image/jpeg' URL/predict. Compress with gzip or deflate, or not at all.",
  ),
  ROUTE_UNKNOWN: row(
    "A mistyped path, or a route that is switched off.",
    "Expected a route of this service; got POST /predicts",
    "GET /openapi.json lists the routes; /docs shows them.",
  ),
  METHOD_NOT_ALLOWED: row(
    "GET in place of POST, or the reverse.",
    "Expected one of POST; got GET",
    "Use the method that the message names.",
  ),
  MODEL_UNKNOWN: row(
    "A model name or version that this service does not serve.",
    'Expected the name and version of a served model; got "pets" version "2"',
    "The hint names what is served; GET /v2/models/NAME describes it.",
  ),
  HOST_NOT_ALLOWED: row(
    "A proxy or tunnel that passes on its own name, or a web page whose name was made to lead to this machine (DNS rebinding).",
    'Expected an address, localhost or an allowed name as the host; got "pets.example" (host header)',
    "Call the service by its address, or allow the name: pawprint serve models/pictures.onnx --allowed-hosts pets.example",
  ),
  ORIGIN_NOT_ALLOWED: row(
    "A web page of another site, or of a development server on another port, that sends requests to a service without keys on this machine, or to the admin port.",
    'Expected a request of the service\'s own pages or of an allowed origin; got "http://localhost:3000" (origin header)',
    "Allow the page's origin: pawprint serve models/pictures.onnx --cors-origins http://localhost:3000",
  ),
  UNAUTHENTICATED: row(
    "No key, a key that was revoked or has expired, or a token of another issuer.",
    "Expected a valid API key or token; got an expired one",
    "Send it as authorization: Bearer KEY. The state of all keys: pawprint keys list",
  ),
  FORBIDDEN: row(
    "A key for predictions on a route for operators, or the reverse.",
    "Expected a key or token with the scope 'admin'; got predict",
    "Make a key with the scope that is named: pawprint keys create NAME --scope admin",
  ),
  KEY_SERVER_UNAVAILABLE: row(
    "The identity provider's address for keys is wrong or does not answer.",
    "Expected the identity provider's keys, to check a token; got no usable answer",
    "Look at the address of the key set in the settings: pawprint serve --help",
  ),
  KEYS_INVALID: row(
    "A file of API keys that was edited by hand, cut off, or written by another version.",
    "Expected a key file in JSON; got other text (pawprint-keys.json)",
    "Restore it from a copy, or move it away and make new keys: pawprint keys create NAME",
  ),
  KEY_UNKNOWN: row(
    "The name of a key in place of its id, or another file of keys.",
    "Expected the id of a key in the file; got 'shop' (pawprint-keys.json)",
    "Take the id from the first column: pawprint keys list",
  ),
  RATE_LIMITED: row(
    "A key sent more requests in a minute than it may.",
    "Expected at most 60 requests in a minute; got more requests",
    "Wait as long as the header retry-after says. A key with another limit: pawprint keys create NAME --requests-per-minute 600",
  ),
  REQUEST_TIMEOUT: row(
    "A slow connection, or a client that announced more bytes than it sent.",
    "Expected a complete request within the time limit",
    "Send it again; make pictures smaller where the connection is slow.",
  ),
  OVERLOADED: row(
    "More pictures arrive than this machine can answer in time.",
    "Expected at most 64 pictures at once, all answered within their deadlines; got one more while 64 wait, about 2100 ms of work",
    "Repeat after the seconds in retry-after; for more throughput run more services behind a load balancer.",
  ),
  NOT_READY: row(
    "The service is still loading its model, or was asked to end.",
    "Expected a loaded model; got none",
    "Wait until it is ready: pawprint health URL",
  ),
  DEADLINE_EXCEEDED: row(
    "A busy service, or a deadline that is shorter than an answer takes.",
    "Expected an answer before the request's deadline; got 1003 ms of waiting",
    "Send it again, or allow more time in the header x-deadline-ms.",
  ),
  CLIENT_GONE: row(
    "The client gave up, mostly because its own timeout is short. Only the log of the service shows it.",
    "Expected a client that waits for its answer; got a closed connection",
    "Raise the client's timeout, or send x-deadline-ms so that the service knows it.",
  ),
  MODEL_SOURCE_INVALID: row(
    "A folder without bundles, the address of a model that is incomplete, or a URL without the bundle's SHA-256.",
    "Expected a folder with at least one bundle, NAME.onnx; got an empty folder (models/live)",
    "Train one into it: pawprint train --data FOLDER --out models/live/v1.onnx",
  ),
  SERVICE_UNREACHABLE: row(
    "No service runs at that address, or a firewall is in between.",
    "Expected a service that answers; got connect ECONNREFUSED 127.0.0.1:8000 (http://localhost:8000)",
    "Start one, then ask again: pawprint serve MODEL",
  ),
  LISTEN_FAILED: row(
    "Another program listens on the port, or the port or address is not yours to use.",
    "Expected 127.0.0.1:8000 as a free address and port; got EADDRINUSE",
    "Choose another port: pawprint serve MODEL --port 8001",
  ),

  RUN_NOT_FOUND: row(
    "A mistyped id, another tracking address than the one where the run was recorded, or a run that was removed for good.",
    "Expected a run of this id; got none (runs/ 3f8ef1c08ac94412b2b0a3033bb11b13)",
    "Look at the runs that are there: pawprint runs list",
  ),
  EXPERIMENT_NOT_FOUND: row(
    "A mistyped name of an experiment, or another tracking address than the one meant.",
    "Expected an experiment of the store; got 'cats-dog' (runs)",
    "Choose one of the names: pawprint runs list",
  ),
  EXPERIMENT_DELETED: row(
    "Someone deleted the experiment in MLflow; its name stays taken until it is removed for good.",
    "Expected an active experiment; got 'cats-dogs', which was deleted (http://localhost:5000)",
    "Restore it in MLflow, or choose another name: pawprint train --data FOLDER --experiment NAME",
  ),
  LOGGED_MODEL_NOT_FOUND: row(
    "A run that ended before it wrote its bundle, a run that logged its model under another name, or a mistyped id.",
    "Expected a logged model 'model' of the run; got none (runs:/3f8ef1c08ac94412b2b0a3033bb11b13/model)",
    "Look at what the run holds: pawprint runs show RUN",
  ),
  PARAM_CHANGED: row(
    "A training was resumed with other settings, or two programs write into one run. MLflow keeps the first value of a parameter.",
    "Expected the value that is there, '32', for the parameter batchSize; got '64' (run 3f8ef1c08ac94412b2b0a3033bb11b13)",
    "Start a new run for other settings.",
  ),
  FILTER_INVALID: row(
    "A mistyped filter: a value of a parameter or a tag without quotes, an unknown comparison, or a key that needs backticks.",
    "Expected a number for metrics.accuracy; got 'high' (filter, character 20)",
    "Write it as MLflow does; examples are in: pawprint runs search --help",
  ),
  ARTIFACT_PATH_INVALID: row(
    "A name with .., a leading /, a backslash or an empty part, in a program or in what a server listed.",
    "Expected a path inside the run's artifacts, its names separated by '/'; got '../model.onnx'",
    "Give a relative path with / between its parts.",
  ),
  RUN_STORE_INVALID: row(
    "A run's folder was copied while it was written, edited by hand, or written by a program that crashed.",
    "Expected a YAML mapping; got other text (runs/models/cats-dogs/meta.yaml)",
    "Copy the folder again, or move it away; the other runs are not touched.",
  ),
  TRACKING_URI_INVALID: row(
    "An address of a kind that only MLflow's Python client opens (sqlite:, databricks), or a mistyped one.",
    "Expected a folder, or an http:// or https:// address of an MLflow server; got sqlite:///mlflow.db (MLFLOW_TRACKING_URI)",
    "Start a server over that database and give its address, or record nothing: pawprint train --data FOLDER --no-tracking",
  ),
  TRACKING_VALUE_INVALID: row(
    "A name with characters that MLflow does not take, or one that is too long.",
    "Expected a metric's name of letters, digits, _ - . : / and blanks; got 'loss?'",
    "Give another name or a shorter value.",
  ),
  TRACKING_UNAVAILABLE: row(
    "The server is down, is starting, or does not answer in time. A training goes on: what it records is kept on disk.",
    "Expected an answer of the tracking server; got a refused connection (http://localhost:5000)",
    "Deliver what is waiting when the server is back: pawprint runs push",
  ),
  TRACKING_REFUSED: row(
    "No or wrong user, password or token; a server certificate that is not trusted; or a server that does not answer to this host name.",
    "Expected a certificate of the tracking server that is trusted; got one that has expired (https://mlflow.example)",
    "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN; name the server's certificates with --tracking-ca-file.",
  ),
  TRACKING_ANSWER_INVALID: row(
    "Another service answers at that address, or a proxy answers in the server's place.",
    "Expected an answer of MLflow's interface; got a page of text/html (http://localhost:8000)",
    "Give the address under which MLflow's own pages open.",
  ),
  TRACKING_UNSUPPORTED: row(
    "A server of an earlier MLflow: logged models need version 3.",
    "Expected a tracking server with logged models (MLflow 3); got one without (http://localhost:5000)",
    "Update the server; until then models are kept as artifacts of their runs.",
  ),
  MODEL_NOT_REGISTERED: row(
    "A mistyped name, a model that was not registered yet, or another tracking address than the one meant.",
    "Expected a registered model of this name; got 'cats-dog' (runs/)",
    "Look at the names, or register one: pawprint models register NAME models/cats-dogs.onnx",
  ),
  MODEL_VERSION_NOT_FOUND: row(
    "An alias that was never set, or a version that was deleted.",
    "Expected a version of cats-dogs with the alias champion; got none (runs/)",
    "Look at versions and aliases: pawprint models show NAME",
  ),
  MODEL_CHANGED: row(
    "Someone replaced or damaged the file behind a registered version, or it was deleted.",
    "Expected the bundle that was registered, sha256 3f8e...; got one with 77ab... (models:/cats-dogs/7)",
    "Put the file back, or register the new one as a version of its own: pawprint models register NAME models/cats-dogs.onnx",
  ),
  ALIAS_INVALID: row(
    "An alias that could be taken for a version (v3), the word latest, or characters other than letters, digits, _ and -.",
    "Expected an alias of letters, digits, _ and -, other than latest and v<number>; got 'v3'",
    "Choose a name for what the version is for: champion, challenger.",
  ),
  PROMOTION_REFUSED: row(
    "The new version is less accurate, slower, larger or less fair than the gates allow. The gates that failed are named.",
    "Expected a version that passes every gate; got accuracy 0.871, below 0.900 (cats-dogs 7)",
    "Train a better one; or promote it all the same, with a reason that is kept: pawprint models promote NAME 7 --to champion --force --reason TEXT",
  ),
  PREDICTION_LOG_UNAVAILABLE: row(
    "The database is away or refuses the user, the disk is full, or the file is no database. A service goes on answering, and counts what it could not log.",
    "Expected a prediction log that can be read and written; got database or disk is full (.pawprint/predictions.db)",
    "Make room, or start the database; --prediction-log names another one.",
  ),
  PREDICTION_LOG_OFF: row(
    "Feedback was sent to a service that was started without --prediction-log.",
    "Expected a service with a prediction log; got one without",
    "Start it with --prediction-log FILE.",
  ),
  PREDICTION_UNKNOWN: row(
    "The id is mistyped, is of another caller, was never answered with a prediction, or the prediction was removed by age.",
    'Expected the id of a request whose prediction is in the log; got "1b4c", picture 0 (request_id)',
    "Send the request_id that the answer has, and the picture's position in its request.",
  ),
  REFERENCE_MISMATCH: row(
    "The reference of one model was given for the predictions of another.",
    "Expected a reference of the labels cat, dog of version 1f2e; got bee, fly (models/insects.onnx)",
    "Give the bundle that answered; or leave it out where bundles have references of their own.",
  ),
  WEBHOOK_FAILED: row(
    "The receiver is away, refuses the signature, or its address is mistyped.",
    "Expected a receiver that takes the message; got status 401 (https://alerts.example.com)",
    "Compare PAWPRINT_WEBHOOK_SECRET with the receiver's; monitor watch tries again at its next look.",
  ),
  LABEL_UNKNOWN: row(
    "A label is mistyped, or the model has no such class.",
    'Expected one of the labels cat, dog; got "cow" (label)',
    "Use a label of the model; /model lists them.",
  ),
  LABELS_INVALID: row(
    "Columns have other names, a request id or a label is mistyped, two lines contradict each other, or predictions were removed by age.",
    "Expected labels of which every line can be used; got 1 faulty line: line 3: no prediction of request 'x', picture 0, in the log (labels.csv)",
    "Mend the lines that are named, or pass over them: pawprint monitor label FILE --skip-invalid",
  ),
  PREDICTION_LOG_NEWER: row(
    "A later version of Pawprint has changed the tables of the log.",
    "Expected a prediction log of version 1 or before; got version 2 (.pawprint/predictions.db)",
    "Use the version that wrote it, or name another log.",
  ),
  PROMOTION_CONFLICT: row(
    "Two people or programs promoted at the same time; one of them was first.",
    "Expected the alias champion where it was when this began; got version 8, promoted by anna@vm meanwhile (cats-dogs)",
    "Look at what was promoted, then decide again: pawprint models history NAME",
  ),

  GIT_MISSING: row(
    "Git is not installed, or the folder is in no Git repository, where .dvc files would have no history.",
    "Expected a folder inside a Git repository; got a folder outside (/home/anna/pets)",
    "Run 'git init' there first; without a history of versions: pawprint data init --no-scm",
  ),
  GIT_FAILED: row(
    "A damaged repository, one of another user, or a lock of another Git process.",
    "Expected an answer of git ls-tree; got fatal: bad object HEAD (/home/anna/pets)",
    "Run the same git command in the folder and read what it says.",
  ),
  GIT_REVISION_UNKNOWN: row(
    "A mistyped tag or branch, or one that was not fetched.",
    "Expected a commit, tag or branch of the repository; got 'v1.O' (/home/anna/pets)",
    "Look at the names with 'git tag' and 'git branch --all', and get those of others with 'git fetch --tags'.",
  ),
  DATA_REPOSITORY_MISSING: row(
    "The command ran outside a DVC repository, or none was made yet.",
    "Expected a DVC repository, a folder with .dvc in it; got none at or above it (/home/anna/pets)",
    "Make one in the Git repository's top folder: pawprint data init",
  ),
  DATA_FILE_INVALID: row(
    "A .dvc file, dvc.lock or object of a folder was edited by hand, cut off, or has merge markers of Git in it.",
    "Expected outs as a list of mappings with a path; got a text (data/raw.dvc)",
    "Restore the file from Git, or make it anew: pawprint data add data/raw",
  ),
  DATA_FEATURE_UNSUPPORTED: row(
    "The repository was made with a part of DVC that Pawprint refuses by name: it would be wrong to ignore it.",
    "Expected data kept by its hash; got cloud versions, the key 'files' (data/raw.dvc)",
    "Use DVC itself for this file, or do without the part that is named.",
  ),
  DATA_CONFIG_INVALID: row(
    "A mistyped setting in .dvc/config or .dvc/config.local.",
    "Expected a link type: reflink, hardlink, symlink, copy; got 'soft' (.dvc/config, cache.type)",
    "Correct the file that is named.",
  ),
  DATA_NAME_INVALID: row(
    "A file's name is not UTF-8 or has characters that no DVC repository can hold.",
    "Expected a name in UTF-8; got the bytes 'caf\\xe9.jpg' (data/raw)",
    "Rename the file.",
  ),
  DATA_NOT_TRACKED: row(
    "A mistyped path, or data that was not added.",
    "Expected data that is tracked; got data/row",
    "Look at what is tracked: pawprint data status",
  ),
  DATA_OVERLAP: row(
    "Data inside a tracked folder is part of that folder; files in Git are versioned already.",
    "Expected data that nothing tracks yet; got a path inside data/raw, which data/raw.dvc tracks (data/raw/cat)",
    "Add the outer folder again. Take files out of Git with 'git rm --cached' first.",
  ),
  DATA_OBJECT_MISSING: row(
    "The version was added on another machine and not pushed, or not fetched here.",
    "Expected 2 objects in the cache; got none of them, the first de7371b0119f4f75f9de703c7c3bac16 (.dvc/cache)",
    "Fetch them from the remote: pawprint data pull",
  ),
  DATA_OBJECT_CORRUPT: row(
    "A program wrote through a hard or symbolic link into the cache, or a disk or a transfer damaged the file.",
    "Expected content with the MD5 de7371b0119f4f75f9de703c7c3bac16; got 402e97968614f583ece3b35555971f64 (.dvc/cache)",
    "The damaged object was set aside. Fetch a good one: pawprint data pull",
  ),
  DATA_UNSAVED: row(
    "Files were changed or added after the last 'data add', and another version is wanted in their place.",
    "Expected files that some data version has; got 2 that would be lost, the first data/raw/cat/new.jpg (data/raw)",
    "Keep them by adding them. To give them up: pawprint data checkout data/raw --force",
  ),
  DATA_LINK_UNSUPPORTED: row(
    "Hard links do not cross file systems, and few file systems have reflinks.",
    "Expected a file system with one of the link types hardlink; got EXDEV (.dvc/cache to data/raw)",
    "Allow copies too: set type = hardlink,copy under [cache] in .dvc/config.",
  ),
  DATA_REMOTE_UNKNOWN: row(
    "A mistyped name, or a repository without a default remote.",
    "Expected the name of a remote; got none, without a default one (.dvc/config)",
    "Add one: pawprint data remote add storage s3://BUCKET/PREFIX --default",
  ),
  DATA_TRANSFER_INCOMPLETE: row(
    "The remote failed again and again, or the connection was lost. What arrived is complete, and stays.",
    "Expected 20,000 objects to be sent; got 19,998, the first failure: connection reset (s3://pets/dvc)",
    "Run the command again: it sends what is missing.",
  ),
  STAGE_UNKNOWN: row(
    "A mistyped stage, or one of another dvc.yaml.",
    "Expected a stage of the pipeline: prepare, train; got 'trian'",
    "Look at the stages: pawprint dag",
  ),
  PIPELINE_INVALID: row(
    "A dvc.yaml was edited by hand and has a mistyped key, a variable that nothing defines, or a wrong type.",
    "Expected a variable that params.yaml or vars defines; got 'train.lr' (dvc.yaml, stage train)",
    "Correct the place that is named.",
  ),
  PIPELINE_CYCLE: row(
    "A stage depends, through others, on its own output; or two stages write the same path.",
    "Expected stages without a circle; got train -> evaluate -> train (dvc.yaml)",
    "Remove one of the dependencies that are named.",
  ),
  STAGE_FAILED: row(
    "The stage's command ended with an error, or an output that the stage names was not there afterwards.",
    "Expected the exit code 0 of 'pawprint train'; got 1 (stage train)",
    "Read what the command printed above, then run again: pawprint repro",
  ),

  INTERNAL: row(
    "A fault in Pawprint.",
    "Expected no fault in Pawprint itself; got TypeError: x is not a function",
    "Run the command again with --verbose, and report what it prints.",
  ),
};
