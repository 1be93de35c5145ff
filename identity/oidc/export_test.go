package oidc

// Public and Client are what guards requests to providers, for their tests.
var (
	Public = public
	Client = client
)
