namespace Serverless.Functions.Hosting;

/// <summary>Lets every route that takes GET take HEAD (RFC 9110, section 9.3.2); the server leaves the body out.</summary>
internal static class HeadToo
{
    public static RouteGroupBuilder WithHead(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: [var only] } && HttpMethods.IsGet(only))
            {
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
            }
        });
        return routes;
    }
}
