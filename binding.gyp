{
  # For prebuildify, which runs node-gyp: CMakeLists.txt describes the build, and scripts/build.mjs
  # runs it through cmake-js.
  "targets": [
    {
      "target_name": "torch_losses",
      "type": "none",
      "actions": [
        {
          "action_name": "build",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/addon.node"],
          "action": ["node", "scripts/build.mjs", "--prebuild=<(PRODUCT_DIR)/addon.node"]
        }
      ]
    }
  ]
}
