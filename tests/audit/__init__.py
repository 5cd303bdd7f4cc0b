"""What `make audit` looks at: known vulnerabilities, secrets, licences, and the list of what a wheel needs (SBOM)."""
