using System.Collections.Concurrent;
using Amqp;
using Amqp.Listener;

namespace Serverless.Local.Broker.Wire;

/// <summary>Where the answers to requests go: by session, under the link's reply address and its name.</summary>
internal sealed class ReplyLinks
{
    private readonly ConcurrentDictionary<(Session, string), ListenerLink> _links = new();

    public void Add(ListenerLink link, string address)
    {
        _links[(link.Session, address)] = link;
        _links[(link.Session, link.Name)] = link;
        link.Closed += (_, _) =>
        {
            _links.TryRemove(new((link.Session, address), link));
            _links.TryRemove(new((link.Session, link.Name), link));
        };
    }

    public ListenerLink? Find(Session session, string address) => _links.GetValueOrDefault((session, address));
}
