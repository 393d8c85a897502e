@0xb7c2e91f5a04d683;
# What capnp-rpc is measured with.

interface Mirror {
  echo @0 (text :Text) -> (text :Text);
  # Answers with the text it was given.

  push @1 (bytes :Data) -> stream;
  # One piece of a payload.

  end @2 () -> (length :UInt64);
  # How long the payload was that came in pieces.
}
