export REMIT_TOKEN=$(remit token user:ada@example.com)
cat > env.json <<< '{"meta": {"name": "jupyter-tensorboard-cuda-11.2"}, "spec": {"image": "tensorflow/tensorflow:2.8.0-gpu-jupyter",
  "connections": [{"name": "Jupyter", "internalToolInfo": {"toolType": "jupyter-notebook", "connectionType": "ExternalUrl", "containerPort": 8888}},
    {"name": "TensorBoard", "internalToolInfo": {"toolType": "tensorboard", "connectionType": "ExternalUrl", "containerPort": 6006}}]}}'
cat > gpu.json <<< '{"meta": {"name": "half-a-gpu"}, "spec": {"gpuDevicesRequest": 1, "gpuRequestType": "portion",
  "gpuPortionRequest": 0.5, "cpuCoreRequest": 8, "cpuMemoryRequest": "200 Megabytes"}}'
cat > git.json <<< '{"kind": "git", "meta": {"name": "frames"}, "spec": {
  "repository": "https://git.example.com/vision/frames.git", "branch": "main", "path": "/workspace/frames"}}'
remit workspace create frames --project vision --environment @env.json --compute @gpu.json --data-source @git.json
