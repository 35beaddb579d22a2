"""Where weights come from: servers, package registries, mirrors, the store."""
