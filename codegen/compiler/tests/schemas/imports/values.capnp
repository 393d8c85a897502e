@0xb6a3b5a1a1c0f01f; const onlyValue :Int32 = 5; const other :Text = "x";
