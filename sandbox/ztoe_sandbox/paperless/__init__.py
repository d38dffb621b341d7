"""A stateful Paperless: the service's API, the customer's pages, and a test КНЕДП that signs for the customers."""
