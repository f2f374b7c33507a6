{
  # For node-gyp and prebuildify alone: CMakeLists.txt describes the build, and scripts/build.mjs runs it.
  "targets": [
    {
      "target_name": "torch_losses",
      "type": "none",
      "actions": [
        {
          "action_name": "build",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/loader.node"],
          "action": ["node", "scripts/build.mjs", "--output=<(PRODUCT_DIR)"]
        }
      ]
    }
  ]
}
