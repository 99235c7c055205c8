{
  'targets': [
    {
      'target_name': 'lws_secure_streams',
      'type': 'none',
      'actions': [
        {
          'action_name': 'cmake',
          'inputs': ['CMakeLists.txt'],
          'outputs': ['build/never-made-so-that-cmake-always-decides'],
          'action': ['node', 'scripts/build-native.mjs'],
        },
      ],
    },
  ],
}
